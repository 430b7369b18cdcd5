-- An owner that begins takes over the marks of the last owner of each of its partitions: what that one had
-- dealt with by now is dealt with. Marks of owners before do not count: the last owner may have
-- written later without knowing what they had read.
-- shards, lasts: the partitions, and the epochs of their last owners, in the same order.
INSERT INTO live_touched (topic, shard, sender, user, batch, epoch)
SELECT topic, shard, sender, user, batch, {epoch:UInt32}
FROM live_touched FINAL
WHERE topic = {topic:String} AND epoch > 0
    AND (shard, epoch) IN (SELECT pair.1, pair.2 FROM (SELECT arrayJoin(arrayZip({shards:Array(Int32)}, {lasts:Array(UInt32)})) AS pair))
