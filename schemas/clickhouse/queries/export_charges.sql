-- Question: which messages did some runs charge, account by account?
-- Grain: one charged message, ordered by account, category, market, tier, delivery, message.
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
    account, month, message_id, sender, user,
    toUnixTimestamp64Milli(sent_at) AS sent_at, toUnixTimestamp64Milli(delivered_at) AS delivered_at,
    regime, market, category, reason, toInt64(tier) AS tier, from_volume, position,
    price_row, price_list, unit_price, price, currency
FROM charges AS c
WHERE c.attempt IN (SELECT attempt FROM chosen) AND (c.account, c.attempt) IN (SELECT account, attempt FROM chosen)
ORDER BY c.account, c.category, c.market, c.tier, c.delivered_at, c.message_id, c.sender, c.user
SETTINGS optimize_read_in_order = 1, max_bytes_before_external_sort = 500000000
