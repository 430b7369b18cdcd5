-- Question: who was the last to begin to own each partition of a topic, and what is the highest epoch of all?
-- Grain: one partition.
SELECT shard, argMax(owner, (epoch, at)), max(epoch), (SELECT max(epoch) FROM live_owners)
FROM live_owners
WHERE topic = {topic:String}
GROUP BY shard
