-- Question: which conversations have events of one partition at offsets in [offset, until)?
-- Grain: one conversation.
SELECT DISTINCT CAST(sender, 'String'), user
FROM events
WHERE topic = {topic:String} AND partition = {partition:Int32} AND offset >= {offset:Int64} AND offset < {until:Int64}
