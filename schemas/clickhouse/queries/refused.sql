-- Question: what was refused, why, and has it been replayed?
-- Grain: one refusal (an origin that a restart stored twice comes once), newest first.
-- records: ['postage.events/0/17', ...] or [] for all; reason: a code or '' for all; since: in
-- milliseconds since 1970, by the time of refusal; replayed: 1 to have those too that have been
-- replayed; content: 1 to have key and value; limit: at most so many.
SELECT
    r.topic, r.partition, r.offset, r.item,
    r.arrived, r.refused_at, r.reason, r.detail, r.bytes, r.key, r.value,
    p.times, p.to_topic, p.to_partition, p.to_offset, p.edited
FROM
(
    SELECT
        topic, partition, offset, item,
        toUnixTimestamp64Milli(arrived_at) AS arrived, toInt64(toUnixTimestamp(inserted_at)) * 1000 AS refused_at,
        reason, detail, toInt64(length(f.value)) AS bytes,
        if({content:UInt8} = 1, f.key, '') AS key, if({content:UInt8} = 1, f.value, '') AS value
    FROM refused AS f
    WHERE (empty({records:Array(String)}) OR has({records:Array(String)}, concat(topic, '/', toString(partition), '/', toString(offset))))
        AND ({reason:String} = '' OR reason = {reason:String})
        AND refused_at >= {since:Int64}
    LIMIT 1 BY topic, partition, offset, item
) AS r
LEFT JOIN
(
    SELECT
        topic, partition, offset,
        toInt64(count()) AS times,
        argMax(p0.to_topic, replayed_at) AS to_topic, argMax(p0.to_partition, replayed_at) AS to_partition,
        argMax(p0.to_offset, replayed_at) AS to_offset, argMax(p0.edited, replayed_at) AS edited
    FROM replays AS p0
    GROUP BY topic, partition, offset
) AS p ON r.topic = p.topic AND r.partition = p.partition AND r.offset = p.offset
WHERE {replayed:UInt8} = 1 OR p.times = 0
ORDER BY r.refused_at DESC, r.topic, r.partition, r.offset, r.item
LIMIT {limit:Int64}
