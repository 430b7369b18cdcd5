-- An owner that begins takes over the marks that its predecessors have made: what they had
-- dealt with by now is dealt with. Later marks of theirs do not count.
INSERT INTO live_touched (topic, shard, sender, user, batch, epoch)
SELECT topic, shard, sender, user, batch, {epoch:UInt32}
FROM live_touched FINAL
WHERE topic = {topic:String} AND shard IN {shards:Array(Int32)} AND epoch > 0 AND epoch < {epoch:UInt32}
