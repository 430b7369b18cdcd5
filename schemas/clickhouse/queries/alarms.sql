-- Question: which messages of a run bear a flag that a reviewer should know of?
-- Grain: one flag of one account. The run may be unfinished: the last attempt at it that was not
-- dropped counts.
-- Parameters: SET param_run = '...'
WITH
(
    SELECT argMax(attempt, at)
    FROM runs
    WHERE run = {run:String} AND attempt NOT IN (SELECT attempt FROM runs WHERE run = {run:String} AND state = 'dropped')
) AS chosen
SELECT account, flag, toInt64(count()) AS messages
FROM messages
ARRAY JOIN flags AS flag
WHERE attempt = chosen
GROUP BY account, flag
ORDER BY account, flag
