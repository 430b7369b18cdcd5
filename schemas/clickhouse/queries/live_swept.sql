-- Question: for which partitions has the whole log been classified under this activation?
-- Grain: one partition.
SELECT DISTINCT shard
FROM live_sweeps
WHERE sequence = {sequence:UInt32} AND tariff = {version:String} AND topic = {topic:String} AND shards = {count:Int32}
