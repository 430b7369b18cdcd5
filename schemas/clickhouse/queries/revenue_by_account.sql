-- Question: what did each account bring in a month, usage and fees apart?
-- Grain: one account of the latest finished run of each kind (draft, final, adjustment) of the month.
-- Parameters: SET param_month = '2026-10'
SELECT run_kind, account, currency, charged_messages, usage_billed, fees_billed, revenue
FROM v_account_month
WHERE month = {month:String}
ORDER BY run_kind, account
