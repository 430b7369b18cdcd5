-- Closed months that were compared with the log again, and price corrections.

-- How far the log was read when a closed month was compared with it and came out as its
-- documents say, or was made to by the notes issued then. Only events beyond the last one
-- can ask for another note. Without a row a month is compared from its close on: losing
-- some costs time, nothing else.
CREATE TABLE looks (
    number         INTEGER PRIMARY KEY,       -- in order
    month          TEXT NOT NULL REFERENCES closes (month),
    cutoff         TEXT NOT NULL,             -- JSON, reports.Cutoff
    looked_at      TEXT NOT NULL              -- RFC 3339; decides nothing
) STRICT;
CREATE INDEX looks_of_month ON looks (month, number);

-- A run under another tariff than its month was closed under. From it on the month is
-- rated under that one. Who answers for it stands in approvals.
CREATE TABLE corrections (
    run_id         TEXT PRIMARY KEY REFERENCES runs (run_id) DEFERRABLE INITIALLY DEFERRED,
    reason         TEXT NOT NULL CHECK (reason <> '')
) STRICT;
CREATE TRIGGER corrections_are_final_update BEFORE UPDATE ON corrections
BEGIN SELECT raise(ABORT, 'a correction that was issued never changes'); END;
CREATE TRIGGER corrections_are_final_delete BEFORE DELETE ON corrections
BEGIN SELECT raise(ABORT, 'a correction that was issued never changes'); END;
CREATE TRIGGER corrections_are_final_replace BEFORE INSERT ON corrections
WHEN EXISTS (SELECT 1 FROM corrections WHERE run_id = NEW.run_id)
BEGIN SELECT raise(ABORT, 'a correction that was issued never changes'); END;
