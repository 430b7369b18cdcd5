-- Question: what is the latest time of an event below a cut-off, when of copies the earliest counts?
-- Grain: one row. It groups the whole log by identity, on disk where need be: log_newest.sql and log_first.sql
-- together say the same in a moment, unless the latest events are all late copies.
-- Parameters as in log_senders.sql.
SELECT toUnixTimestamp64Milli(max(first))
FROM
(
    SELECT min(time) AS first
    FROM events
    WHERE offset < transform(transform(topic, {topics:Array(String)}, {numbers:Array(Int64)}, toInt64(-1)) * 4294967296 + partition, {places:Array(Int64)}, {offsets:Array(Int64)}, toInt64(0))
    GROUP BY sender, user, message_id, type, if(type IN ('consent.granted', 'consent.revoked'), time, toDateTime64(0, 3, 'UTC'))
)
SETTINGS max_bytes_before_external_group_by = 500000000
