-- Question: how many events of each type lie below a cut-off, copies included?
-- Grain: one event type.
-- partitions: ['postage.events/0', ...]; offsets: the limits in the same order, exclusive.
SELECT toString(e.type) AS event_type, toInt64(count()) AS events
FROM events AS e
WHERE e.offset < transform(concat(e.topic, '/', toString(e.partition)), {partitions:Array(String)}, {offsets:Array(Int64)}, toInt64(0))
GROUP BY e.type
ORDER BY e.type
