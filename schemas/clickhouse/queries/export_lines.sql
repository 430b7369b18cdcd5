-- Question: which lines have the statements of some runs?
-- Grain: one line, ordered by account and line.
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
SELECT
    account, month, toInt64(l.line) AS line, kind, regime, market, category, reason, toInt64(l.tier) AS tier, from_volume,
    price_row, detail, quantity, unit_price, exact, billed, currency
FROM statement_lines AS l
WHERE l.attempt IN (SELECT attempt FROM chosen) AND (l.account, l.attempt) IN (SELECT account, attempt FROM chosen)
ORDER BY l.account, l.line
