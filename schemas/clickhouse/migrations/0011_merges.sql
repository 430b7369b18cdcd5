-- How rows are packed and merged: nothing about what they say.
--
-- Rows of different parts interleave one by one (each batch touches conversations all over the key),
-- so a vertical merge, which goes through the parts again for each column, takes about
-- twice the processor time of one that moves whole rows. Statistics of columns, which every
-- insert and merge would make anew, serve no query here: conversations are found by the key.
-- The two columns that make up most of a row are packed with LZ4: a quarter more on disk, and
-- an eighth less processor time to take in an event, since every merge unpacks and packs all of them again.
--
-- Parts of 256 MiB, some eight million rows, are not merged any more: from there on an event costs the
-- same however many there are. Reads merge the parts in the order of the key, or look for a
-- conversation in each.
ALTER TABLE events MODIFY SETTING enable_vertical_merge_algorithm = 0, auto_statistics_types = '', max_bytes_to_merge_at_max_space_in_pool = 268435456;
ALTER TABLE events MODIFY COLUMN message_id CODEC(LZ4), MODIFY COLUMN user CODEC(LZ4);
ALTER TABLE live_messages MODIFY SETTING enable_vertical_merge_algorithm = 0, auto_statistics_types = '', max_bytes_to_merge_at_max_space_in_pool = 268435456;
ALTER TABLE live_messages MODIFY COLUMN message_id CODEC(LZ4), MODIFY COLUMN user CODEC(LZ4);
