-- Question: which conversations were touched by a process that does not own them, and not dealt with by an owner of this epoch?
-- Grain: one conversation in one batch.
SELECT CAST(topic, 'String'), shard, CAST(sender, 'String'), user, batch
FROM live_touched FINAL
WHERE ((topic = {topic:String} AND shard IN {shards:Array(Int32)}) OR (topic IN ({topic:String}, '') AND shard = -1))
    AND epoch < {epoch:UInt32}
