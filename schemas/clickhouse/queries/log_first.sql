-- Question: what is the earliest time of the copies of one event below a cut-off?
-- Grain: one row.
-- Parameters as in log_senders.sql, and sender, user, message id (hexadecimal: it may hold any bytes) and type of the event.
SELECT toUnixTimestamp64Milli(min(time))
FROM events
WHERE sender = {sender:String} AND user = {user:String} AND message_id = unhex({message:String}) AND toUInt8(type) = {type:UInt8}
    AND offset < transform(transform(topic, {topics:Array(String)}, {numbers:Array(Int64)}, toInt64(-1)) * 4294967296 + partition, {places:Array(Int64)}, {offsets:Array(Int64)}, toInt64(0))
