-- Question: which runs of the books does ClickHouse know?
-- Grain: one run.
SELECT run FROM v_closes ORDER BY run
