-- Question: what does the carrier bill us for the statements of some runs?
-- Grain: one currency of one account, ordered by both.
-- Of two runs with the same account the first in the list counts: what was issued first.
-- Parameters: SET param_runs = ['...'], param_account = '' (or one account)
WITH chosen AS
(
    SELECT s.account AS account, argMin(s.attempt, indexOf({runs:Array(String)}, r.run)) AS attempt
    FROM statements AS s
    INNER JOIN v_runs AS r ON s.attempt = r.attempt
    WHERE r.run IN {runs:Array(String)} AND ({account:String} = '' OR s.account = {account:String})
    GROUP BY s.account
)
SELECT account, month, currency, messages, unrated, exact
FROM statement_costs AS c
WHERE c.attempt IN (SELECT attempt FROM chosen) AND (c.account, c.attempt) IN (SELECT account, attempt FROM chosen)
ORDER BY c.account, c.currency
