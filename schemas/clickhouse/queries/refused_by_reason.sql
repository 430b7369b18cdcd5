-- Question: what was refused below a cut-off, and why?
-- Grain: one reason. An origin that a restart stored twice counts once.
-- partitions: ['postage.events/0', ...]; offsets: the limits in the same order, exclusive.
SELECT reason, toInt64(uniqExact(topic, partition, offset, item)) AS refused
FROM refused
WHERE offset < transform(concat(topic, '/', toString(partition)), {partitions:Array(String)}, {offsets:Array(Int64)}, toInt64(0))
GROUP BY reason
ORDER BY reason
