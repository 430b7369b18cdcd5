-- The workflow of a close: whose books these are, who may write, what was reviewed,
-- who approved it, and from what each document was made.

-- Whose books these are: a copy of another installation's is not taken for ours.
CREATE TABLE installation (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    id             TEXT NOT NULL,             -- random, made with the file
    made_at        TEXT NOT NULL              -- RFC 3339
) STRICT;
INSERT INTO installation VALUES (1, lower(hex(randomblob(16))), strftime('%Y-%m-%dT%H:%M:%SZ', 'now'));
CREATE TRIGGER installation_is_final_update BEFORE UPDATE ON installation
BEGIN SELECT raise(ABORT, 'books belong to one installation'); END;
CREATE TRIGGER installation_is_final_delete BEFORE DELETE ON installation
BEGIN SELECT raise(ABORT, 'books belong to one installation'); END;
CREATE TRIGGER installation_is_final_replace BEFORE INSERT ON installation
BEGIN SELECT raise(ABORT, 'books belong to one installation'); END;

-- Who may write. Every writing transaction compares its token with this one: a
-- writer that was overtaken is refused, however late it wakes up.
CREATE TABLE lease (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    token          INTEGER NOT NULL,          -- grows with every holder
    host           TEXT NOT NULL,             -- where the holder runs
    pid            INTEGER NOT NULL,          -- its process there
    expires_at     REAL NOT NULL              -- Unix seconds by the clock of SQLite; 0 when released
) STRICT;
INSERT INTO lease VALUES (1, 0, '', 0, 0);
CREATE TRIGGER lease_only_grows BEFORE UPDATE ON lease WHEN NEW.token < OLD.token
BEGIN SELECT raise(ABORT, 'a token is given once'); END;
CREATE TRIGGER lease_stays BEFORE DELETE ON lease
BEGIN SELECT raise(ABORT, 'a token is given once'); END;
CREATE TRIGGER lease_is_one BEFORE INSERT ON lease
BEGIN SELECT raise(ABORT, 'a token is given once'); END;

-- A month is closed as a whole (1), or only for some of its accounts as yet (0).
ALTER TABLE closes ADD COLUMN whole INTEGER NOT NULL DEFAULT 1 CHECK (whole IN (0, 1));
DROP TRIGGER closes_are_final_update;
CREATE TRIGGER closes_are_final_update BEFORE UPDATE ON closes
WHEN NEW.month <> OLD.month OR NEW.closed_at <> OLD.closed_at OR NEW.whole <= OLD.whole
BEGIN SELECT raise(ABORT, 'a closed month stays closed'); END;

-- The tariff of a run ('' in old files: the one its month was closed under) and the
-- accounts it was for (a JSON list; '' for all that were not closed yet).
ALTER TABLE runs ADD COLUMN tariff TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN accounts TEXT NOT NULL DEFAULT '';
DROP TRIGGER runs_are_final_update;
CREATE TRIGGER runs_are_final_update BEFORE UPDATE ON runs
WHEN NEW.run_id <> OLD.run_id OR NEW.month <> OLD.month OR NEW.kind <> OLD.kind OR NEW.cutoff <> OLD.cutoff
  OR NEW.tariff <> OLD.tariff OR NEW.accounts <> OLD.accounts OR NEW.projected < OLD.projected
BEGIN SELECT raise(ABORT, 'a run that was issued never changes'); END;

-- What each document was made from: canonical JSON, reports.Inputs, covered by
-- sha256 too ('' in old files).
ALTER TABLE documents ADD COLUMN inputs TEXT NOT NULL DEFAULT '';

-- What was shown to be approved: a hash of everything that would be issued.
CREATE TABLE reviews (
    number         INTEGER PRIMARY KEY,       -- in order of being shown
    month          TEXT NOT NULL,             -- YYYY-MM
    accounts       TEXT NOT NULL,             -- a JSON list; '' for all
    review         TEXT NOT NULL,             -- SHA-256 of the documents and the exceptions
    exceptions     TEXT NOT NULL,             -- JSON, as shown
    shown_at       TEXT NOT NULL              -- RFC 3339
) STRICT;
CREATE TRIGGER reviews_are_final_update BEFORE UPDATE ON reviews
BEGIN SELECT raise(ABORT, 'a review never changes'); END;
CREATE TRIGGER reviews_are_final_delete BEFORE DELETE ON reviews
BEGIN SELECT raise(ABORT, 'a review never changes'); END;
CREATE TRIGGER reviews_are_final_replace BEFORE INSERT ON reviews
WHEN EXISTS (SELECT 1 FROM reviews WHERE number = NEW.number)
BEGIN SELECT raise(ABORT, 'a review never changes'); END;

-- Who approved what was issued, and why. Grain: one run.
CREATE TABLE approvals (
    run_id         TEXT PRIMARY KEY REFERENCES runs (run_id) DEFERRABLE INITIALLY DEFERRED,
    review         TEXT NOT NULL,
    approved_by    TEXT NOT NULL,
    why            TEXT NOT NULL,
    approved_at    TEXT NOT NULL              -- RFC 3339
) STRICT;
CREATE TRIGGER approvals_are_final_update BEFORE UPDATE ON approvals
BEGIN SELECT raise(ABORT, 'an approval never changes'); END;
CREATE TRIGGER approvals_are_final_delete BEFORE DELETE ON approvals
BEGIN SELECT raise(ABORT, 'an approval never changes'); END;
CREATE TRIGGER approvals_are_final_replace BEFORE INSERT ON approvals
WHEN EXISTS (SELECT 1 FROM approvals WHERE run_id = NEW.run_id)
BEGIN SELECT raise(ABORT, 'an approval never changes'); END;
