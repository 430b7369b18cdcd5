-- Question: which senders have events below a cut-off, which accounts do these name, how many are there and how late is the latest?
-- Grain: one sender.
-- topics: ['postage.events', ...]; numbers: 0, 1, ...; places: number of the topic x 2^32 + partition;
-- offsets: the limits in the same order, exclusive. What the cut-off does not name is not read. Comparing
-- numbers is much faster than comparing topic/partition as text.
SELECT
    CAST(sender, 'String') AS number,
    groupUniqArray(CAST(account, 'String')),
    toInt64(count()),
    toUnixTimestamp64Milli(max(time))
FROM events
WHERE offset < transform(transform(topic, {topics:Array(String)}, {numbers:Array(Int64)}, toInt64(-1)) * 4294967296 + partition, {places:Array(Int64)}, {offsets:Array(Int64)}, toInt64(0))
GROUP BY sender
ORDER BY number
