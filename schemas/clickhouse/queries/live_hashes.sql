-- Question: which conversations are in the log?
-- Grain: one hash of `sender|user`; two conversations may, once in a blue moon, share one.
SELECT DISTINCT xxHash64(concat(sender, '|', user))
FROM events
