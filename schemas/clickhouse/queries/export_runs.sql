-- Question: which finished runs of a month may be read?
-- Grain: one run: every final one (accounts may have been closed one by one), and the latest draft
-- and the latest adjustment; in the order in which they were finished.
-- Parameters: SET param_month = '2026-10'
SELECT run, kind, cutoff, tariff
FROM v_runs
WHERE month = {month:String} AND (latest OR kind = 'final')
ORDER BY finished_at, run
