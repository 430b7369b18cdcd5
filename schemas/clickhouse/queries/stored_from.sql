-- Question: which origins of one partition, at or above an offset, are stored already?
-- Grain: one origin (an event or a refusal). Answered from the projection by_origin.
SELECT offset, item
FROM events
WHERE topic = {topic:String} AND partition = {partition:Int32} AND offset >= {offset:Int64}
UNION ALL
SELECT offset, item
FROM refused
WHERE topic = {topic:String} AND partition = {partition:Int32} AND offset >= {offset:Int64}
