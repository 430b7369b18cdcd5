-- Question: how far do the spans of one partition reach without a gap, from an offset on?
-- Grain: one row; `reached` is exclusive, and the offset itself when no span holds it or begins at it.
SELECT
    if(countIf(offset_from > before) = 0,
       greatest({offset:Int64}, max(offset_to)),
       argMinIf(before, offset_from, offset_from > before)) AS reached
FROM
(
    SELECT offset_from, offset_to, greatest({offset:Int64}, max(offset_to) OVER earlier) AS before
    FROM ledger
    WHERE topic = {topic:String} AND partition = {partition:Int32} AND offset_to > {offset:Int64}
    WINDOW earlier AS (ORDER BY offset_from, offset_to ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
