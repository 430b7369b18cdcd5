-- Question: how many messages of a run does the live classification have, and of how many does it say something else?
-- Grain: one row: messages of the run, those that the live classification lacks, those that differ.
-- Pricing turns some charged messages into free or unrated ones; their reasons tell.
SELECT
    count(),
    countIf(l.message_id = ''),
    countIf(l.message_id != '' AND
        (l.account, l.user_country, l.template, l.kind, l.sent_at, l.failed, l.class, l.regime, l.flags, l.category, l.market, l.month, l.tariff, l.outcome, l.cost_regime, l.cost_category)
        != (r.account, r.user_country, r.template, r.kind, r.sent_at, r.failed, r.class, r.regime, r.flags, r.category, r.market, r.month, r.tariff, if(r.reason IN priced, 'charged', r.outcome), r.cost_regime, r.cost_category)
        OR l.message_id != '' AND r.reason NOT IN priced AND l.reason != r.reason
        OR l.message_id != '' AND (ifNull(l.delivered_at, toDateTime64(0, 3, 'UTC')), ifNull(l.window_from, toDateTime64(0, 3, 'UTC'))) != (ifNull(r.delivered_at, toDateTime64(0, 3, 'UTC')), ifNull(r.window_from, toDateTime64(0, 3, 'UTC'))))
FROM
(
    SELECT m.*, (SELECT tariff FROM v_runs WHERE run = {run:String}) AS tariff,
        ['free_tier', 'service_free_tier', 'allowance', 'unknown_market', 'no_package', 'no_price'] AS priced
    FROM messages AS m
    WHERE m.attempt = (SELECT attempt FROM v_runs WHERE run = {run:String})
) AS r
LEFT JOIN v_live_messages AS l ON l.sender = r.sender AND l.user = r.user AND l.message_id = r.message_id
