-- Question: was every offset consumed, and how did it end?
-- Grain: one partition of a topic. The first half of the answer; origins.sql is the other.
SELECT
    topic, partition, first_offset, complete_to, end_offset, offsets, records, stored, refused, events, parts,
    missing, gap_from, gap_to, overlaps, last_at
FROM v_ledger
ORDER BY topic, partition
