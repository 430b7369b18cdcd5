-- Question: how far back can the events between two cut-offs reach?
-- Grain: one row: how many messages they speak of, and the earliest time of any event of one of
-- these, however long known, in milliseconds. Nothing before it can be judged otherwise.
-- Counted conversation by conversation in the order of the table, so memory does not grow with
-- the log. Consents and what is not below the later cut-off are left out.
-- partitions: ['postage.events/0', ...] and offsets, exclusive, of the later cut-off;
-- known_partitions and known_offsets of the earlier one.
SELECT toInt64(count()) AS messages, toUnixTimestamp64Milli(min(earliest)) AS reached
FROM
(
    SELECT min(time) AS earliest
    FROM events
    WHERE offset < transform(concat(topic, '/', toString(partition)), {partitions:Array(String)}, {offsets:Array(Int64)}, toInt64(0))
        AND type NOT IN ('consent.granted', 'consent.revoked')
    GROUP BY sender, user, message_id
    HAVING max(offset >= transform(concat(topic, '/', toString(partition)), {known_partitions:Array(String)}, {known_offsets:Array(Int64)}, toInt64(0)))
    SETTINGS optimize_aggregation_in_order = 1
)
