-- Question: what does each account owe in some runs?
-- Grain: one statement, ordered by account.
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
    account, name, month, package, currency, toInt64(s.minor_digits) AS minor_digits, tariff,
    exact_total, billed_total, rounding_residue,
    messages, care_free, care_charged, notification_free, notification_charged,
    not_delivered, rejected, pending, unrated, unrated_detail
FROM statements AS s
WHERE s.attempt IN (SELECT attempt FROM chosen) AND (s.account, s.attempt) IN (SELECT account, attempt FROM chosen)
ORDER BY s.account
