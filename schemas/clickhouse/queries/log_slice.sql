-- Question: which events of some senders, and of a stretch of users, lie below a cut-off?
-- Grain: one event, copies included, in the order of the parts: nothing is sorted or merged, because merging
-- words costs 0.1 us each. Those of a conversation mostly stand together, in several places.
-- Sender and user are the key of the table, so only what is asked for is read.
-- Parameters as in log_senders.sql, and: SET param_senders = ['+442079460000']; SET param_from = ''; SET param_to = ''
SELECT
    user, message_id, extra, time, error_code,
    toUInt8(type) AS type_code, toUInt8(kind) AS kind_code, toUInt8(referral) AS referral_code, toUInt8(client) AS client_code, toUInt8(claim_billable) AS billable_code,
    sender, account, user_country, category, template, source, claim_model, claim_type, claim_category, error_title
FROM events
WHERE sender IN {senders:Array(String)} AND user >= {from:String} AND ({to:String} = '' OR user < {to:String})
    AND offset < transform(transform(topic, {topics:Array(String)}, {numbers:Array(Int64)}, toInt64(-1)) * 4294967296 + partition, {places:Array(Int64)}, {offsets:Array(Int64)}, toInt64(0))
SETTINGS max_threads = 1
