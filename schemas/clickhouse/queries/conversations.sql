-- Question: which events lie below a cut-off, conversation by conversation?
-- Grain: one event, copies included, ordered by sender and user.
-- The order is that of the table: parts are merged while they are read, nothing is sorted,
-- and memory stays bounded whatever the size of the log. A partition that the
-- cut-off does not name is not read: its limit is 0.
-- partitions: ['postage.events/0', ...]; offsets: the limits in the same order, exclusive.
SELECT
    toUInt8(type), toUInt8(kind), toUInt8(referral), toUInt8(client),
    toUnixTimestamp64Milli(time),
    message_id, sender, user, account, user_country, category, template, source,
    toUInt8(claim_billable), claim_model, claim_type, claim_category,
    error_code, error_title, extra
FROM events
WHERE offset < transform(concat(topic, '/', toString(partition)), {partitions:Array(String)}, {offsets:Array(Int64)}, toInt64(0))
ORDER BY sender, user
SETTINGS optimize_read_in_order = 1, max_block_size = 16384
