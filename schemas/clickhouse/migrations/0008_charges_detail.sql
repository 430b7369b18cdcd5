-- What the detail of a workbook shows of a charged message and charges lacked: so that it can
-- be read back from one table, without a join of every message of a month with itself.
-- Rows of older runs say 1970 and nothing; a run that is drawn again is written again first.
ALTER TABLE charges
    ADD COLUMN IF NOT EXISTS sent_at DateTime64(3, 'UTC') COMMENT 'time of sending' CODEC(Delta, ZSTD(1)) AFTER delivered_at;

ALTER TABLE charges
    ADD COLUMN IF NOT EXISTS class LowCardinality(String) COMMENT 'care or notification' AFTER sent_at;

ALTER TABLE charges
    ADD COLUMN IF NOT EXISTS own_category LowCardinality(String) COMMENT 'category of the message itself; under NBP the type of the notification' AFTER category;
