-- Question: which ids have the classified messages of these conversations?
-- Grain: one row of live_messages, those not yet replaced included.
-- senders, users: the conversations, in the same order. The pairs choose among the granules; user alone,
-- first, drops most rows of those read.
SELECT CAST(sender, 'String'), user, message_id
FROM live_messages
WHERE user IN {users:Array(String)}
    AND (sender, user) IN (SELECT pair.1, pair.2 FROM (SELECT arrayJoin(arrayZip({senders:Array(String)}, {users:Array(String)})) AS pair))
