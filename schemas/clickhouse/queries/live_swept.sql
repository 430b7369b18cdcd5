-- Question: which owners say that the whole log has been classified under this activation, for their partitions?
-- Grain: one partition, the owner of the highest epoch.
SELECT shard, max(epoch)
FROM live_sweeps
WHERE sequence = {sequence:UInt32} AND tariff = {version:String} AND topic = {topic:String} AND shards = {count:Int32}
GROUP BY shard
