-- The books of one installation: what was closed, issued and numbered. SQLite,
-- because gapless numbers and immutability need transactions.
-- Rows are added and never changed, with exceptions that carry no figures, such
-- as runs.projected. Files older than the count of versions have these tables and
-- version 0: hence IF NOT EXISTS.

-- One row per closed month: how far the log was read and under which tariff.
CREATE TABLE IF NOT EXISTS closes (
    month          TEXT PRIMARY KEY,          -- YYYY-MM
    run_id         TEXT NOT NULL,             -- the final run
    cutoff         TEXT NOT NULL,             -- JSON, reports.Cutoff
    tariff         TEXT NOT NULL REFERENCES tariffs (version),
    closed_at      TEXT NOT NULL              -- RFC 3339, when it was done; decides nothing
) STRICT;

-- The content of every tariff a month was closed under.
CREATE TABLE IF NOT EXISTS tariffs (
    version        TEXT PRIMARY KEY,          -- sha256:...
    content        BLOB NOT NULL              -- canonical bytes, readable for ever
) STRICT;

-- Every run whose results stand in documents: the close, then each adjustment.
CREATE TABLE IF NOT EXISTS runs (
    run_id         TEXT PRIMARY KEY,
    month          TEXT NOT NULL REFERENCES closes (month) DEFERRABLE INITIALLY DEFERRED,
    kind           TEXT NOT NULL CHECK (kind IN ('final', 'adjustment')),
    cutoff         TEXT NOT NULL,
    projected      INTEGER NOT NULL DEFAULT 0 -- 1 once ClickHouse has its rows
) STRICT;

-- The statement of an account for a month, in versions: 1 is the close, each
-- later one what the events said when an adjustment was made.
CREATE TABLE IF NOT EXISTS statements (
    month          TEXT NOT NULL REFERENCES closes (month) DEFERRABLE INITIALLY DEFERRED,
    account        TEXT NOT NULL,
    version        INTEGER NOT NULL,
    run_id         TEXT NOT NULL REFERENCES runs (run_id) DEFERRABLE INITIALLY DEFERRED,
    seal           TEXT NOT NULL,             -- SHA-256 of content
    content        TEXT NOT NULL,             -- canonical JSON, rating.Statement
    PRIMARY KEY (month, account, version)
) STRICT;

-- Issued documents. number = series and a gapless sequence within it; sha256
-- covers the content and the sha256 of the document before it in the series.
CREATE TABLE IF NOT EXISTS documents (
    number         TEXT PRIMARY KEY,
    series         TEXT NOT NULL,
    sequence       INTEGER NOT NULL,
    type           TEXT NOT NULL CHECK (type IN ('invoice', 'credit_note', 'debit_note')),
    month          TEXT NOT NULL REFERENCES closes (month) DEFERRABLE INITIALLY DEFERRED,
    account        TEXT NOT NULL,
    statement      INTEGER NOT NULL,          -- version of the statement behind it
    content        TEXT NOT NULL,             -- canonical JSON, reports.Document
    previous       TEXT NOT NULL,             -- sha256 before it in the series, '' for the first
    sha256         TEXT NOT NULL,
    UNIQUE (series, sequence),
    FOREIGN KEY (month, account, statement) REFERENCES statements (month, account, version)
) STRICT;

-- The bytes as sent, drawn once from the content.
CREATE TABLE IF NOT EXISTS files (
    number         TEXT NOT NULL REFERENCES documents (number),
    format         TEXT NOT NULL,             -- pdf, xlsx
    sha256         TEXT NOT NULL,
    content        BLOB NOT NULL,
    PRIMARY KEY (number, format)
) STRICT;

-- No statement may change or remove a row, nor INSERT OR REPLACE put another in its
-- place (which fires no delete trigger).
CREATE TRIGGER IF NOT EXISTS documents_are_final_update BEFORE UPDATE ON documents
BEGIN SELECT raise(ABORT, 'an issued document never changes'); END;
CREATE TRIGGER IF NOT EXISTS documents_are_final_delete BEFORE DELETE ON documents
BEGIN SELECT raise(ABORT, 'an issued document never changes'); END;
CREATE TRIGGER IF NOT EXISTS documents_are_final_replace BEFORE INSERT ON documents
WHEN EXISTS (SELECT 1 FROM documents WHERE number = NEW.number OR series = NEW.series AND sequence = NEW.sequence)
BEGIN SELECT raise(ABORT, 'an issued document never changes'); END;
CREATE TRIGGER IF NOT EXISTS statements_are_final_update BEFORE UPDATE ON statements
BEGIN SELECT raise(ABORT, 'an issued statement never changes'); END;
CREATE TRIGGER IF NOT EXISTS statements_are_final_delete BEFORE DELETE ON statements
BEGIN SELECT raise(ABORT, 'an issued statement never changes'); END;
CREATE TRIGGER IF NOT EXISTS statements_are_final_replace BEFORE INSERT ON statements
WHEN EXISTS (SELECT 1 FROM statements WHERE month = NEW.month AND account = NEW.account AND version = NEW.version)
BEGIN SELECT raise(ABORT, 'an issued statement never changes'); END;
CREATE TRIGGER IF NOT EXISTS files_are_final_update BEFORE UPDATE ON files
BEGIN SELECT raise(ABORT, 'an issued file never changes'); END;
CREATE TRIGGER IF NOT EXISTS files_are_final_delete BEFORE DELETE ON files
BEGIN SELECT raise(ABORT, 'an issued file never changes'); END;
CREATE TRIGGER IF NOT EXISTS files_are_final_replace BEFORE INSERT ON files
WHEN EXISTS (SELECT 1 FROM files WHERE number = NEW.number AND format = NEW.format)
BEGIN SELECT raise(ABORT, 'an issued file never changes'); END;
CREATE TRIGGER IF NOT EXISTS closes_are_final_update BEFORE UPDATE ON closes
BEGIN SELECT raise(ABORT, 'a closed month stays closed'); END;
CREATE TRIGGER IF NOT EXISTS closes_are_final_delete BEFORE DELETE ON closes
BEGIN SELECT raise(ABORT, 'a closed month stays closed'); END;
CREATE TRIGGER IF NOT EXISTS closes_are_final_replace BEFORE INSERT ON closes
WHEN EXISTS (SELECT 1 FROM closes WHERE month = NEW.month)
BEGIN SELECT raise(ABORT, 'a closed month stays closed'); END;
CREATE TRIGGER IF NOT EXISTS tariffs_are_final_update BEFORE UPDATE ON tariffs
BEGIN SELECT raise(ABORT, 'the tariff of a closed month never changes'); END;
CREATE TRIGGER IF NOT EXISTS tariffs_are_final_delete BEFORE DELETE ON tariffs
BEGIN SELECT raise(ABORT, 'the tariff of a closed month never changes'); END;
CREATE TRIGGER IF NOT EXISTS tariffs_are_final_replace BEFORE INSERT ON tariffs
WHEN EXISTS (SELECT 1 FROM tariffs WHERE version = NEW.version AND content <> NEW.content)
BEGIN SELECT raise(ABORT, 'the tariff of a closed month never changes'); END;
CREATE TRIGGER IF NOT EXISTS runs_are_final_update BEFORE UPDATE ON runs
WHEN NEW.run_id <> OLD.run_id OR NEW.month <> OLD.month OR NEW.kind <> OLD.kind OR NEW.cutoff <> OLD.cutoff OR NEW.projected < OLD.projected
BEGIN SELECT raise(ABORT, 'a run that was issued never changes'); END;
CREATE TRIGGER IF NOT EXISTS runs_are_final_delete BEFORE DELETE ON runs
BEGIN SELECT raise(ABORT, 'a run that was issued never changes'); END;
CREATE TRIGGER IF NOT EXISTS runs_are_final_replace BEFORE INSERT ON runs
WHEN EXISTS (SELECT 1 FROM runs WHERE run_id = NEW.run_id)
BEGIN SELECT raise(ABORT, 'a run that was issued never changes'); END;
