-- Question: which events do these conversations have, and which of them are fresh?
-- Grain: one event, copies included, ordered by sender and user.
-- senders, users: the conversations, in the same order. partitions: ['postage.events/0', ...]; below: their
-- limits, exclusive; fresh: the offsets from which their events are fresh. Partitions that are not named
-- have no limit and nothing fresh. The pairs choose among the granules; user alone, first, drops most
-- rows of those read, at half the cost of comparing pairs.
SELECT
    toUInt8(type), toUInt8(kind), toUInt8(referral), toUInt8(client),
    toUnixTimestamp64Milli(time),
    message_id, CAST(sender, 'String'), user, CAST(account, 'String'), CAST(user_country, 'String'),
    CAST(category, 'String'), CAST(template, 'String'), CAST(source, 'String'),
    toUInt8(claim_billable), CAST(claim_model, 'String'), CAST(claim_type, 'String'), CAST(claim_category, 'String'),
    error_code, CAST(error_title, 'String'), extra,
    offset >= transform(concat(topic, '/', toString(partition)), {partitions:Array(String)}, {fresh:Array(Int64)}, toInt64(9223372036854775807)) AS is_fresh
FROM events
WHERE user IN {users:Array(String)}
    AND (sender, user) IN (SELECT pair.1, pair.2 FROM (SELECT arrayJoin(arrayZip({senders:Array(String)}, {users:Array(String)})) AS pair))
    AND offset < transform(concat(topic, '/', toString(partition)), {partitions:Array(String)}, {below:Array(Int64)}, toInt64(9223372036854775807))
ORDER BY sender, user
