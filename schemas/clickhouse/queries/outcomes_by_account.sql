-- Question: what became of the outbound messages of a run, and why?
-- Grain: account, class, outcome, reason of one finished run.
-- Parameters: SET param_run = '...'
SELECT account, class, outcome, reason, toInt64(count()) AS messages
FROM messages
WHERE attempt = (SELECT attempt FROM v_runs WHERE run = {run:String})
GROUP BY account, class, outcome, reason
ORDER BY account, class, outcome, reason
