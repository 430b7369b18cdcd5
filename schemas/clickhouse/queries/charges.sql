-- Question: which messages did a run charge, and at what price?
-- Grain: one charged message, in order of sending, then message id. The run may be unfinished:
-- the last attempt at it that was not dropped counts.
-- What does not fit into memory is sorted on disk.
-- Parameters: SET param_run = '...'
WITH
(
    SELECT argMax(attempt, at)
    FROM runs
    WHERE run = {run:String} AND attempt NOT IN (SELECT attempt FROM runs WHERE run = {run:String} AND state = 'dropped')
) AS chosen
SELECT
    account, month, message_id, sender, user,
    toUnixTimestamp64Milli(sent_at), toUnixTimestamp64Milli(delivered_at),
    class, regime, reason, market, own_category,
    tier, position, from_volume, price_row, price_list, unit_price, currency
FROM charges
WHERE attempt = chosen
ORDER BY sent_at, message_id, sender, user
SETTINGS max_bytes_before_external_sort = 500000000
