-- Question: which messages wait to be priced, in the order in which counters are drawn down?
-- Grain: one message. The order is that of the table: nothing is sorted, and memory stays bounded.
-- Parameters: SET param_spool = '...'
SELECT
    delivered_at, message_id, sender, user, sent_at, window_from, error_code, codes,
    CAST(account, 'String') AS w0, CAST(user_country, 'String') AS w1, CAST(template, 'String') AS w2, CAST(market, 'String') AS w3,
    CAST(month, 'String') AS w4, CAST(category, 'String') AS w5, CAST(cost_category, 'String') AS w6,
    CAST(claim_model, 'String') AS w7, CAST(claim_type, 'String') AS w8, CAST(claim_category, 'String') AS w9, CAST(error_title, 'String') AS w10
FROM spool
WHERE spool = {spool:UUID}
ORDER BY delivered_at, message_id, sender, user
SETTINGS optimize_read_in_order = 1, query_plan_execute_functions_after_sorting = 0, max_block_size = 16384, max_threads = 2
