-- Question: which are the latest events below a cut-off?
-- Grain: one event, copies included, the latest first.
-- Parameters as in log_senders.sql, and: SET param_limit = 100
SELECT CAST(sender, 'String'), user, message_id, toUInt8(type), toUnixTimestamp64Milli(time)
FROM events
WHERE offset < transform(transform(topic, {topics:Array(String)}, {numbers:Array(Int64)}, toInt64(-1)) * 4294967296 + partition, {places:Array(Int64)}, {offsets:Array(Int64)}, toInt64(0))
ORDER BY time DESC
LIMIT {limit:Int64}
