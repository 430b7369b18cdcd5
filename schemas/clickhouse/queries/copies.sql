-- Question: how many events below a cut-off are copies of another?
-- Grain: one row. An event is identified by (sender, user, message_id, type), a consent by
-- (sender, user, type, time). Counted conversation by conversation in the order of the table, so
-- memory does not grow with the log.
-- partitions: ['postage.events/0', ...]; offsets: the limits in the same order, exclusive.
SELECT toInt64(sum(stored)) AS events, toInt64(sum(different)) AS identities, events - identities AS copies, toInt64(count()) AS conversations
FROM
(
    SELECT
        count() AS stored,
        uniqExact(type, if(type IN ('consent.granted', 'consent.revoked'), toString(toUnixTimestamp64Milli(time)), message_id)) AS different
    FROM events
    WHERE offset < transform(concat(topic, '/', toString(partition)), {partitions:Array(String)}, {offsets:Array(Int64)}, toInt64(0))
    GROUP BY sender, user
    SETTINGS optimize_aggregation_in_order = 1
)
