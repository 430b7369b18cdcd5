-- Question: which files were loaded, and how far did each get?
-- Grain: one file by content, under the name it was last loaded as. It is complete when
-- complete_to has reached end_offset.
SELECT l.topic, l.file, l.bytes, l.records, l.end_offset, toInt64(v.complete_to) AS complete_to
FROM
(
    SELECT topic, argMax(l0.file, begun_at) AS file, any(l0.bytes) AS bytes, any(l0.records) AS records, any(l0.end_offset) AS end_offset, min(begun_at) AS first
    FROM loads AS l0
    GROUP BY topic
) AS l
LEFT JOIN v_ledger AS v ON l.topic = v.topic
ORDER BY l.first, l.topic
