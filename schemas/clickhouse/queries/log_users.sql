-- Question: by which users can the events of a sender below a cut-off be cut into stretches of about equal size?
-- Grain: one user of the sample, sorted.
-- Parameters as in log_senders.sql, and: SET param_sender = '+442079460000'
SELECT arrayJoin(arrayDistinct(arraySort(groupArraySample(10000)(user))))
FROM events
WHERE sender = {sender:String}
    AND offset < transform(transform(topic, {topics:Array(String)}, {numbers:Array(Int64)}, toInt64(-1)) * 4294967296 + partition, {places:Array(Int64)}, {offsets:Array(Int64)}, toInt64(0))
