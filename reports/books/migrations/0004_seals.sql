-- What the chains of documents do not cover is chained as well: who approved what and why,
-- what was reviewed, corrections, looks, and the files that were drawn. sha256 is a function
-- of the program that opens the books: no other can add rows to these tables unnoticed.

-- What a row says, hashed. Grain: one row of a table that is only ever added to. at is its
-- rowid, by which the triggers below find it; subject stays what it is in a copy.
CREATE VIEW sealed (what, at, subject, content) AS
    SELECT 'run', rowid, run_id, sha256(json_array(run_id, month, kind, cutoff, tariff, accounts)) FROM runs
    UNION ALL
    SELECT 'approval', rowid, run_id, sha256(json_array(run_id, review, approved_by, why, approved_at)) FROM approvals
    UNION ALL
    SELECT 'correction', rowid, run_id, sha256(json_array(run_id, reason)) FROM corrections
    UNION ALL
    SELECT 'review', rowid, CAST(number AS TEXT), sha256(json_array(month, accounts, review, exceptions, shown_at)) FROM reviews
    UNION ALL
    SELECT 'look', rowid, CAST(number AS TEXT), sha256(json_array(month, cutoff, looked_at)) FROM looks
    UNION ALL
    SELECT 'statement', rowid, month || ' ' || account || ' ' || version, sha256(json_array(month, account, version, run_id, seal, content)) FROM statements
    UNION ALL
    SELECT 'file', rowid, number || ' ' || format, sha256 FROM files;

-- Each seal follows on the one before. Every document names the last before it (its inputs,
-- reports.Inputs), so that the chains of documents cover this one.
CREATE TABLE seals (
    number         INTEGER PRIMARY KEY,       -- 1, 2, 3, ...
    what           TEXT NOT NULL,             -- as in the view sealed, with the next two
    subject        TEXT NOT NULL,
    content        TEXT NOT NULL,
    sha256         TEXT NOT NULL DEFAULT ''   -- of the one before and of this row; the trigger below gives it
) STRICT;
CREATE INDEX seals_by_hash ON seals (sha256);
CREATE TRIGGER seals_follow AFTER INSERT ON seals
BEGIN UPDATE seals SET sha256 = sha256(coalesce((SELECT sha256 FROM seals WHERE number = NEW.number - 1), '') || json_array(NEW.number, NEW.what, NEW.subject, NEW.content)) WHERE number = NEW.number; END;

-- Rows that are there are sealed as they are.
INSERT INTO seals (what, subject, content) SELECT what, subject, content FROM sealed ORDER BY what, at;

CREATE TRIGGER seals_are_final_update BEFORE UPDATE ON seals WHEN OLD.sha256 <> ''
BEGIN SELECT raise(ABORT, 'a seal never changes'); END;
CREATE TRIGGER seals_are_final_delete BEFORE DELETE ON seals
BEGIN SELECT raise(ABORT, 'a seal never changes'); END;
CREATE TRIGGER seals_are_final_replace BEFORE INSERT ON seals
WHEN NEW.sha256 <> '' OR EXISTS (SELECT 1 FROM seals WHERE number = NEW.number)
BEGIN SELECT raise(ABORT, 'a seal never changes'); END;

CREATE TRIGGER runs_are_sealed AFTER INSERT ON runs
BEGIN INSERT INTO seals (what, subject, content) SELECT what, subject, content FROM sealed WHERE what = 'run' AND at = NEW.rowid; END;
CREATE TRIGGER approvals_are_sealed AFTER INSERT ON approvals
BEGIN INSERT INTO seals (what, subject, content) SELECT what, subject, content FROM sealed WHERE what = 'approval' AND at = NEW.rowid; END;
CREATE TRIGGER corrections_are_sealed AFTER INSERT ON corrections
BEGIN INSERT INTO seals (what, subject, content) SELECT what, subject, content FROM sealed WHERE what = 'correction' AND at = NEW.rowid; END;
CREATE TRIGGER reviews_are_sealed AFTER INSERT ON reviews
BEGIN INSERT INTO seals (what, subject, content) SELECT what, subject, content FROM sealed WHERE what = 'review' AND at = NEW.rowid; END;
CREATE TRIGGER looks_are_sealed AFTER INSERT ON looks
BEGIN INSERT INTO seals (what, subject, content) SELECT what, subject, content FROM sealed WHERE what = 'look' AND at = NEW.rowid; END;
CREATE TRIGGER statements_are_sealed AFTER INSERT ON statements
BEGIN INSERT INTO seals (what, subject, content) SELECT what, subject, content FROM sealed WHERE what = 'statement' AND at = NEW.rowid; END;
CREATE TRIGGER files_are_sealed AFTER INSERT ON files
BEGIN INSERT INTO seals (what, subject, content) SELECT what, subject, content FROM sealed WHERE what = 'file' AND at = NEW.rowid; END;

-- Looks are as final as the rest.
CREATE TRIGGER looks_are_final_update BEFORE UPDATE ON looks
BEGIN SELECT raise(ABORT, 'a look never changes'); END;
CREATE TRIGGER looks_are_final_delete BEFORE DELETE ON looks
BEGIN SELECT raise(ABORT, 'a look never changes'); END;
CREATE TRIGGER looks_are_final_replace BEFORE INSERT ON looks
WHEN EXISTS (SELECT 1 FROM looks WHERE number = NEW.number)
BEGIN SELECT raise(ABORT, 'a look never changes'); END;
