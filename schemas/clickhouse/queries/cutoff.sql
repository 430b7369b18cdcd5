-- Question: up to which offset is each partition complete?
-- Grain: one partition; `offset` is exclusive: the end of the contiguous prefix of the ledger.
-- Spans repeat and overlap after restarts, so this is their union: a span that begins above
-- all that earlier spans reached leaves a gap, and the first gap ends the prefix.
SELECT
    topic,
    partition,
    if(countIf(offset_from > reached) = 0,
       max(offset_to),
       argMinIf(reached, offset_from, offset_from > reached)) AS offset
FROM
(
    SELECT
        topic,
        partition,
        offset_from,
        offset_to,
        if(row_number() OVER spans = 1, offset_from, max(offset_to) OVER earlier) AS reached
    FROM ledger
    WINDOW
        spans AS (PARTITION BY topic, partition ORDER BY offset_from, offset_to),
        earlier AS (PARTITION BY topic, partition ORDER BY offset_from, offset_to ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
GROUP BY topic, partition
ORDER BY topic, partition
