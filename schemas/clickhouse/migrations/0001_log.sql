-- The event log: what came from Kafka, for ever, as it came.
--
-- Paste into a client after `USE postage` (or whatever the database is called). Every
-- statement can be run again without harm.

-- events: one row per readable event, origin included. Copies stay: they are recognised by
-- identity when the log is read, so that nothing an invoice saw can be merged away later.
--
-- ENGINE: plain MergeTree. A Replacing or Collapsing engine would remove rows at a time of
-- its own choosing, and the same cut-off would no longer give the same events.
--
-- ORDER BY (sender, user, time): both readers, the live classification and the close, ask for
-- one conversation (sender, user) after the other; a close reads the table once, in this
-- order, without sorting. time last keeps the events of one message close together, which
-- is what makes message_id compress. message_id itself is not in the key: it is random, so it
-- would only make the index in memory larger.
--
-- PARTITION BY the month of insertion, not of the event. An insert spanning several
-- partitions is not atomic: a crash leaves half of it. inserted_at is one constant per INSERT,
-- so a block is always exactly one part, all or nothing, whatever times its events and
-- its Kafka timestamps claim (a bogus clock at a sender would otherwise spread one block over
-- hundreds of partitions, which ClickHouse refuses). Retention still works: what was inserted
-- N years ago happened at least N years ago (a record may be at most 24 h ahead), so
-- DROP PARTITION never removes anything younger than its name says. Reads for one month of
-- event time are pruned by the minmax index below, since events mostly arrive as they happen.
-- Nothing but this placement depends on inserted_at.
--
-- Codecs: offsets and times of arrival rise within a conversation, by small steps: Delta, then
-- ZSTD. Strings with few distinct values are LowCardinality (a dictionary per part), the rest ZSTD(1).
--
-- PROJECTION by_origin: the origins alone, sorted by origin, about a byte per event. A consumer
-- that takes over a partition asks which origins at or above the committed offset are here
-- already; in the table itself the offsets of a partition are spread over all conversations.
--
-- fsync_*: an acknowledged insert is committed to Kafka afterwards, so it must survive a power
-- cut, not only kill -9.
CREATE TABLE IF NOT EXISTS events
(
    topic                LowCardinality(String)             COMMENT 'Kafka topic the record came from (origin)',
    partition            Int32                              COMMENT 'Kafka partition (origin)' CODEC(ZSTD(1)),
    offset               Int64                              COMMENT 'Kafka offset (origin)' CODEC(Delta, ZSTD(1)),
    item                 Int32                              COMMENT 'position in the record: a webhook body holds several events (origin)' CODEC(ZSTD(1)),
    arrived_at           DateTime64(3, 'UTC')               COMMENT 'Kafka timestamp of the record; never decides a price' CODEC(Delta, ZSTD(1)),
    inserted_at          DateTime('UTC') DEFAULT now()      COMMENT 'when this row was written; decides the partition and nothing else' CODEC(Delta, ZSTD(1)),

    type                 Enum8('message.received' = 1, 'consent.granted' = 2, 'consent.revoked' = 3, 'message.sent' = 4, 'message.delivered' = 5, 'message.read' = 6, 'message.failed' = 7) COMMENT 'what happened; the numbers are the order in which events of one millisecond are taken' CODEC(ZSTD(1)),
    kind                 Enum8('' = 0, 'template' = 1, 'freeform' = 2, 'reaction' = 3, 'call' = 4, 'echo' = 5) COMMENT 'sort of message; empty when the event does not say' CODEC(ZSTD(1)),
    referral             Enum8('' = 0, 'ad' = 1, 'page_cta' = 2) COMMENT 'how the user arrived: the door of a free entry point' CODEC(ZSTD(1)),
    client               Enum8('' = 0, 'android' = 1, 'ios' = 2, 'web' = 3, 'desktop' = 4) COMMENT 'app the user wrote from' CODEC(ZSTD(1)),

    time                 DateTime64(3, 'UTC')               COMMENT 'when it happened (not when it arrived), in milliseconds' CODEC(Delta, ZSTD(1)),
    message_id           String                             COMMENT 'message the event is about; with sender, user and type the identity of the event. Empty for consents only' CODEC(ZSTD(1)),
    sender               LowCardinality(String)             COMMENT 'business number, E.164 with +',
    user                 String                             COMMENT 'number of the customer of our customer, E.164 with +; for a group the participant' CODEC(ZSTD(1)),
    account              LowCardinality(String)             COMMENT 'account the event names; the registration of the sender in the tariff wins',
    user_country         LowCardinality(String)             COMMENT 'ISO 3166-1 alpha-2 country the event names, or empty',
    category             LowCardinality(String)             COMMENT 'marketing, utility, ...; under NBP one of the ten notification types',
    template             LowCardinality(String)             COMMENT 'template name',
    source               LowCardinality(String)             COMMENT 'consents only: link, sms, email, web_form, qr, inbound',

    claim_billable       Enum8('unsaid' = 0, 'no' = 1, 'yes' = 2) COMMENT 'pricing.billable: whether the carrier says that it will bill' CODEC(ZSTD(1)),
    claim_model          LowCardinality(String)             COMMENT 'pricing.model as the carrier says it: NBP, CBP, PMP',
    claim_type           LowCardinality(String)             COMMENT 'pricing.type as the carrier says it: regular, free_customer_service, ...',
    claim_category       LowCardinality(String)             COMMENT 'pricing.category as the carrier spells it',
    error_code           Int32                              COMMENT 'code of the first error of a failed message, 0 when there is none' CODEC(ZSTD(1)),
    error_title          LowCardinality(String)             COMMENT 'title of that error',
    extra                String                             COMMENT 'members unknown to the version that wrote the row, as canonical JSON; empty when there are none' CODEC(ZSTD(1)),

    INDEX time_range time TYPE minmax GRANULARITY 16,
    PROJECTION by_origin (SELECT topic, partition, offset, item ORDER BY topic, partition, offset, item)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(inserted_at)
ORDER BY (sender, user, time)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'Append-only log of all readable events with their origins, copies included. Grain: one event of one Kafka record.';

-- refused: what no tariff could ever cure. Read by origin (show, replay) and small.
-- value is compressed harder than the rest: it is written rarely and may be megabytes.
CREATE TABLE IF NOT EXISTS refused
(
    topic                LowCardinality(String)             COMMENT 'Kafka topic the record came from (origin)',
    partition            Int32                              COMMENT 'Kafka partition (origin)',
    offset               Int64                              COMMENT 'Kafka offset (origin)' CODEC(Delta, ZSTD(1)),
    item                 Int32                              COMMENT 'position in the record that was refused (origin)',
    arrived_at           DateTime64(3, 'UTC')               COMMENT 'Kafka timestamp of the record' CODEC(Delta, ZSTD(1)),
    inserted_at          DateTime('UTC') DEFAULT now()      COMMENT 'when this row was written' CODEC(Delta, ZSTD(1)),
    reason               LowCardinality(String)             COMMENT 'code: not_json, no_event, missing_field, bad_value, impossible_time, too_large',
    detail               String                             COMMENT 'names the field and says what was expected' CODEC(ZSTD(1)),
    key                  String                             COMMENT 'key of the record, raw bytes' CODEC(ZSTD(1)),
    value                String                             COMMENT 'the whole record as received, raw bytes' CODEC(ZSTD(3))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(inserted_at)
ORDER BY (topic, partition, offset, item)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'Records and items of webhook bodies that no tariff could cure, with reason and bytes. Grain: one refusal.';

-- ledger: one row per flush and partition, written after the rows it speaks of. The end of its
-- contiguous prefix is the cut-off of a close. Spans may repeat or overlap after a restart, so
-- readers take their union, never their sum. Not partitioned: a cut-off reads all of it, in key order.
CREATE TABLE IF NOT EXISTS ledger
(
    topic                LowCardinality(String)             COMMENT 'Kafka topic',
    partition            Int32                              COMMENT 'Kafka partition',
    offset_from          Int64                              COMMENT 'first offset consumed' CODEC(Delta, ZSTD(1)),
    offset_to            Int64                              COMMENT 'first offset not consumed: the span is [offset_from, offset_to)' CODEC(Delta, ZSTD(1)),
    records              Int64                              COMMENT 'Kafka records read; the rest of the span were control records' CODEC(ZSTD(1)),
    stored               Int64                              COMMENT 'records of which at least one event was stored' CODEC(ZSTD(1)),
    refused              Int64                              COMMENT 'records of which nothing could be stored' CODEC(ZSTD(1)),
    events               Int64                              COMMENT 'events stored' CODEC(ZSTD(1)),
    parts                Int64                              COMMENT 'refusals kept: whole records and single items of a body' CODEC(ZSTD(1)),
    inserted_at          DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when this row was written' CODEC(Delta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (topic, partition, offset_from)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'Completeness ledger: every consumed offset ended as stored, refused or control record. Grain: one flush of one partition.';

-- tariffs: copies of the tariffs that runs name, so that a charge can be explained without the
-- files it came from. A handful of rows; content is text and compresses well.
CREATE TABLE IF NOT EXISTS tariffs
(
    version              String                             COMMENT 'sha256: and the hash of the content; charges and runs name it',
    content              String                             COMMENT 'the tariff as canonical bytes' CODEC(ZSTD(3)),
    imported_at          DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when this copy was written'
)
ENGINE = MergeTree
ORDER BY version
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Tariff versions by content. Grain: one version (a race may store the same version twice, with equal content).';
