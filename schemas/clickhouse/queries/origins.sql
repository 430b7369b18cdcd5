-- Question: how many events and refusals does the log hold, and is an origin there twice?
-- Grain: one partition of a topic. Rows at or above its limit are counted apart: a batch that is
-- being written, or one that a dead process left for its successor to complete.
-- Origins are told apart in chunks of neighbouring offsets, which spill to disk when there are very many.
-- partitions: ['postage.events/0', ...]; offsets: the limits in the same order, exclusive.
WITH transform(concat(topic, '/', toString(partition)), {partitions:Array(String)}, {offsets:Array(Int64)}, toInt64(0)) AS upto
SELECT
    topic,
    partition,
    toInt64(sumIf(below, is_event)) AS events,
    toInt64(sumIf(below, NOT is_event)) AS parts,
    toInt64(sum(n) - sum(origins)) AS repeated,
    toInt64(sum(n) - sum(below)) AS beyond
FROM
(
    SELECT topic, partition, intDiv(offset, 65536) AS chunk, count() AS n, uniqExact(offset, item) AS origins, countIf(offset < upto) AS below, true AS is_event
    FROM events
    GROUP BY topic, partition, chunk
    UNION ALL
    SELECT topic, partition, intDiv(offset, 65536) AS chunk, count() AS n, uniqExact(offset, item) AS origins, countIf(offset < upto) AS below, false AS is_event
    FROM refused
    GROUP BY topic, partition, chunk
)
GROUP BY topic, partition
ORDER BY topic, partition
SETTINGS max_bytes_before_external_group_by = 500000000
