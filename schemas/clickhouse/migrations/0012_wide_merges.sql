-- Fewer and wider merges: nothing about what rows say.
--
-- Each time a row is merged it costs about as much processor time as to insert it. With the usual base of 5 a
-- row of a busy log is merged twice before it rests; with 50 about once, since some thirty parts
-- are merged at a time. The price is up to some thirty parts more, which a read has to look into.
ALTER TABLE events MODIFY SETTING merge_selector_base = 50;
ALTER TABLE live_messages MODIFY SETTING merge_selector_base = 50;
