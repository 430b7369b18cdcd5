-- Question: how many rows are exported of some runs, for all accounts or one?
-- Grain: one number.
-- Parameters: SET param_runs = ['...'], param_account = '' (or one account)
WITH chosen AS
(
    SELECT s.account AS account, argMin(s.attempt, indexOf({runs:Array(String)}, r.run)) AS attempt
    FROM statements AS s
    INNER JOIN v_runs AS r ON s.attempt = r.attempt
    WHERE r.run IN {runs:Array(String)} AND ({account:String} = '' OR s.account = {account:String})
    GROUP BY s.account
)
SELECT sum(n)
FROM
(
    SELECT count() AS n FROM charges WHERE attempt IN (SELECT attempt FROM chosen) AND (account, attempt) IN (SELECT account, attempt FROM chosen)
    UNION ALL
    SELECT count() AS n FROM statement_lines WHERE (account, attempt) IN (SELECT account, attempt FROM chosen)
    UNION ALL
    SELECT count() AS n FROM statement_costs WHERE (account, attempt) IN (SELECT account, attempt FROM chosen)
    UNION ALL
    SELECT count() AS n FROM chosen
)
