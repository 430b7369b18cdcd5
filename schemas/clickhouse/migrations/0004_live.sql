-- Live classification: the latest verdict on every outbound message, seconds after its events.
-- A cache of the log and the active tariff. It may be dropped: truncate live_messages and
-- live_sweeps, and the next `postage ingest` fills them again from the log.

-- tariff_activations: which tariff is active. Append-only; the highest sequence counts. Should two
-- processes take the same number at once, the smaller version counts for everybody.
CREATE TABLE IF NOT EXISTS tariff_activations
(
    sequence             UInt32                             COMMENT 'number of the activation, from 1; the highest is the active one',
    tariff               String                             COMMENT 'version of the tariff; its content is in the table tariffs',
    activated_at         DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when it was activated'
)
ENGINE = MergeTree
ORDER BY sequence
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Which tariff is active. Grain: one activation.';

-- live_messages: read through v_live_messages.
--
-- ENGINE: of the rows of one message the highest version stays. Versions are made so that the row
-- which saw more of the log, under the later tariff, has the higher one (package ingest/live).
--
-- ORDER BY the conversation: rows of one batch that belong together stay together, and analysts
-- ask for senders. Not partitioned: replacing works within a partition only, and a message
-- has no date that cannot change.
--
-- Enums hold the numbers of package rating (a test compares the names); flags are bits. Both are
-- written several times faster than words. 1970-01-01 stands for never.
CREATE TABLE IF NOT EXISTS live_messages
(
    sender               LowCardinality(String)             COMMENT 'business number, E.164',
    user                 String                             COMMENT 'number of the recipient, E.164' CODEC(ZSTD(1)),
    message_id           String                             COMMENT 'message' CODEC(ZSTD(1)),
    version              UInt64                             COMMENT 'activation of the tariff << 50 | epoch of the owner << 30 | number of its batch: the highest counts' CODEC(ZSTD(1)),
    account              LowCardinality(String)             COMMENT 'account billed; empty when the sender is unknown',
    user_country         LowCardinality(String)             COMMENT 'ISO country the events name, or empty',
    template             LowCardinality(String)             COMMENT 'template name',
    kind                 Enum8('' = 0, 'template' = 1, 'freeform' = 2, 'reaction' = 3, 'call' = 4, 'echo' = 5) COMMENT 'sort of message; empty when unknown' CODEC(ZSTD(1)),
    sent_at              DateTime64(3, 'UTC')               COMMENT 'time of sent; without one the earliest delivered or read, else failed' CODEC(Delta, ZSTD(1)),
    delivered_at         DateTime64(3, 'UTC')               COMMENT 'time of delivered, else read; 1970-01-01 while not delivered' CODEC(Delta, ZSTD(1)),
    failed               Bool                               COMMENT 'a failed status was seen' CODEC(ZSTD(1)),
    regime               Enum8('' = 0, 'NBP' = 1, 'CBP1' = 2, 'CBP2' = 3, 'CBP3' = 4, 'PMP1' = 5, 'PMP2' = 6) COMMENT 'rule set in force at sending' CODEC(ZSTD(1)),
    class                Enum8('' = 0, 'care' = 1, 'notification' = 2) COMMENT 'care or notification' CODEC(ZSTD(1)),
    outcome              Enum8('' = 0, 'charged' = 1, 'free' = 2, 'rejected' = 3, 'pending' = 4, 'unrated' = 5) COMMENT 'charged, free, rejected, pending or unrated, before free tiers, allowances and prices' CODEC(ZSTD(1)),
    reason               Enum8('' = 0, 'template_outside_care_window' = 1, 'template_regular' = 2, 'service_regular' = 3, 'opens_conversation' = 4, 'freeform_in_care_window' = 5, 'template_in_care_window' = 6, 'free_customer_service' = 7, 'free_service_conversation' = 8, 'in_open_conversation' = 9, 'opens_free_entry_point' = 10, 'in_free_entry_point' = 11, 'free_tier' = 12, 'service_free_tier' = 13, 'allowance' = 14, 'not_delivered' = 15, 'delivered_after_30_days' = 16, 'reaction_not_billed' = 17, 'business_app_message' = 18, 'outside_care_window' = 19, 'in_flight' = 20, 'unknown_sender' = 21, 'unknown_market' = 22, 'unknown_category' = 23, 'no_package' = 24, 'no_price' = 25) COMMENT 'code that explains the outcome' CODEC(ZSTD(1)),
    flags                UInt8                              COMMENT 'bits: 1 window_evidence_missing, 2 account_disagrees, 4 carrier_disagrees, 8 duplicate_differs' CODEC(ZSTD(1)),
    category             LowCardinality(String)             COMMENT 'own category, or that of the conversation under CBP',
    market               LowCardinality(String)             COMMENT 'market of the tariff',
    month                UInt32                             COMMENT 'billing month as YYYYMM; 0 while not delivered' CODEC(ZSTD(1)),
    window_from          DateTime64(3, 'UTC')               COMMENT 'inbound that opened the care window it was sent in; 1970-01-01 when none did' CODEC(Delta, ZSTD(1)),
    claim_billable       Enum8('unsaid' = 0, 'no' = 1, 'yes' = 2) COMMENT 'whether the carrier says that it will bill' CODEC(ZSTD(1)),
    claim_model          LowCardinality(String)             COMMENT 'the pricing model the carrier names',
    claim_type           LowCardinality(String)             COMMENT 'the pricing type the carrier names',
    claim_category       LowCardinality(String)             COMMENT 'the category as the carrier spells it',
    error_code           Int32                              COMMENT 'carrier error code, 0 when there is none' CODEC(ZSTD(1)),
    error_title          LowCardinality(String)             COMMENT 'carrier error title',
    cost_regime          Enum8('' = 0, 'NBP' = 1, 'CBP1' = 2, 'CBP2' = 3, 'CBP3' = 4, 'PMP1' = 5, 'PMP2' = 6) COMMENT 'rule set of the carrier; empty without a cost list' CODEC(ZSTD(1)),
    cost_outcome         Enum8('' = 0, 'charged' = 1, 'free' = 2, 'rejected' = 3, 'pending' = 4, 'unrated' = 5) COMMENT 'outcome with the carrier; empty without a cost list' CODEC(ZSTD(1)),
    cost_reason          Enum8('' = 0, 'template_outside_care_window' = 1, 'template_regular' = 2, 'service_regular' = 3, 'opens_conversation' = 4, 'freeform_in_care_window' = 5, 'template_in_care_window' = 6, 'free_customer_service' = 7, 'free_service_conversation' = 8, 'in_open_conversation' = 9, 'opens_free_entry_point' = 10, 'in_free_entry_point' = 11, 'free_tier' = 12, 'service_free_tier' = 13, 'allowance' = 14, 'not_delivered' = 15, 'delivered_after_30_days' = 16, 'reaction_not_billed' = 17, 'business_app_message' = 18, 'outside_care_window' = 19, 'in_flight' = 20, 'unknown_sender' = 21, 'unknown_market' = 22, 'unknown_category' = 23, 'no_package' = 24, 'no_price' = 25) COMMENT 'code that explains the outcome with the carrier' CODEC(ZSTD(1)),
    cost_category        LowCardinality(String)             COMMENT 'category as the carrier counts it'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (sender, user, message_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'Latest verdicts on outbound messages, with rows not yet replaced: read v_live_messages. Grain: one verdict on one message.';

-- live_touched: conversations of which a process that does not own them has stored an event. The owner
-- reads them from the log again and marks them with its epoch; a mark of a lower epoch than the
-- owner's does not count. Marked rows go after a day.
CREATE TABLE IF NOT EXISTS live_touched
(
    topic                LowCardinality(String)             COMMENT 'topic whose partitions own the conversations; empty when the writer did not know',
    shard                Int32                              COMMENT 'partition that owns the conversation; -1 when the writer did not know',
    sender               LowCardinality(String)             COMMENT 'business number, E.164',
    user                 String                             COMMENT 'number of the customer of our customer, E.164',
    batch                String                             COMMENT 'batch whose events touched it: writer and number',
    epoch                UInt32                             COMMENT '0 when written; the epoch of the owner that has dealt with it',
    at                   DateTime('UTC') DEFAULT now()      COMMENT 'when this row was written'
)
ENGINE = ReplacingMergeTree(epoch)
ORDER BY (topic, shard, sender, user, batch)
TTL at + INTERVAL 1 DAY DELETE WHERE epoch > 0
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Conversations that their owner must look at again. Grain: one conversation in one batch.';

-- live_owners: who began to own which partition. epoch rises with every beginning.
CREATE TABLE IF NOT EXISTS live_owners
(
    topic                LowCardinality(String)             COMMENT 'Kafka topic',
    shard                Int32                              COMMENT 'partition',
    epoch                UInt32                             COMMENT 'number of the beginning; higher than that of any owner before',
    owner                String                             COMMENT 'process, by a random name that it gave itself',
    at                   DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when it began'
)
ENGINE = MergeTree
ORDER BY (topic, shard, epoch)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Owners of the live classification. Grain: one beginning of ownership of one partition.';

-- live_sweeps: for which partitions everything in the log has been classified under an activation. A row
-- counts when its epoch is that of the last owner of the partition: every owner that begins under an
-- activation that its predecessor had swept says so again under its own.
CREATE TABLE IF NOT EXISTS live_sweeps
(
    sequence             UInt32                             COMMENT 'activation of the tariff',
    tariff               String                             COMMENT 'its version',
    topic                LowCardinality(String)             COMMENT 'Kafka topic',
    shard                Int32                              COMMENT 'partition',
    shards               Int32                              COMMENT 'how many partitions the topic had',
    epoch                UInt32                             COMMENT 'epoch of the owner that says so',
    at                   DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when the last row had been written'
)
ENGINE = MergeTree
ORDER BY (sequence, topic, shard)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Which partitions have been classified from the log under which tariff. Grain: one partition under one activation.';

-- v_live_messages: every outbound message with the latest verdict. What has been pending for more than
-- 30 days is settled against the latest event time of the log, copies removed: of the 100
-- latest events, the latest that is the first copy of its identity.
CREATE OR REPLACE VIEW v_live_messages
(
    account              String                             COMMENT 'account billed; empty when the sender is unknown',
    message_id           String                             COMMENT 'message',
    sender               String                             COMMENT 'business number, E.164',
    user                 String                             COMMENT 'number of the recipient, E.164',
    user_country         String                             COMMENT 'ISO country the events name, or empty',
    template             String                             COMMENT 'template name',
    kind                 String                             COMMENT 'template, freeform, reaction, call, echo; empty when unknown',
    sent_at              DateTime64(3, 'UTC')               COMMENT 'time of sending',
    delivered_at         Nullable(DateTime64(3, 'UTC'))     COMMENT 'time of delivery; NULL while not delivered',
    failed               Bool                               COMMENT 'a failed status was seen',
    regime               String                             COMMENT 'rule set in force at sending',
    class                String                             COMMENT 'care or notification',
    outcome              String                             COMMENT 'charged, free, rejected, pending or unrated, before free tiers, allowances and prices (see v_messages of draft runs)',
    reason               String                             COMMENT 'code that explains the outcome',
    flags                Array(String)                      COMMENT 'remarks that change nothing',
    category             String                             COMMENT 'own category, or that of the conversation under CBP',
    market               String                             COMMENT 'market of the tariff',
    month                String                             COMMENT 'billing month of the message, YYYY-MM; empty while not delivered',
    window_from          Nullable(DateTime64(3, 'UTC'))     COMMENT 'inbound that opened the care window it was sent in',
    claim_billable       String                             COMMENT 'unsaid, no or yes: the word of the carrier',
    claim_model          String                             COMMENT 'the pricing model the carrier names',
    claim_type           String                             COMMENT 'the pricing type the carrier names',
    claim_category       String                             COMMENT 'the category as the carrier spells it',
    error_code           Int32                              COMMENT 'carrier error code, 0 when there is none',
    error_title          String                             COMMENT 'carrier error title',
    cost_regime          String                             COMMENT 'rule set of the carrier in force; empty without a cost list',
    cost_outcome         String                             COMMENT 'charged, free, ... by the carrier; empty without a cost list',
    cost_reason          String                             COMMENT 'code that explains the outcome with the carrier',
    cost_category        String                             COMMENT 'category as the carrier counts it',
    tariff               String                             COMMENT 'version of the tariff it was classified under'
)
AS
WITH
    (
        SELECT max(first)
        FROM
        (
            SELECT min(e.time) AS first
            FROM events AS e
            WHERE (e.sender, e.user, e.message_id, e.type) IN (SELECT sender, user, message_id, type FROM events ORDER BY time DESC LIMIT 100)
            GROUP BY e.sender, e.user, e.message_id, e.type, if(e.type IN ('consent.granted', 'consent.revoked'), e.time, toDateTime64(0, 3, 'UTC'))
        )
    ) AS as_of,
    m.sent_at + toIntervalDay(30) < as_of AS old
SELECT
    m.account AS account, m.message_id AS message_id, m.sender AS sender, m.user AS user,
    m.user_country AS user_country, m.template AS template, toString(m.kind) AS kind,
    m.sent_at AS sent_at, nullIf(m.delivered_at, toDateTime64(0, 3, 'UTC')) AS delivered_at, m.failed AS failed,
    toString(m.regime) AS regime, toString(m.class) AS class,
    if(old AND m.outcome = 'pending', 'free', toString(m.outcome)) AS outcome,
    if(old AND m.outcome = 'pending', 'not_delivered', toString(m.reason)) AS reason,
    arrayFilter((name, bit) -> bitAnd(m.flags, bit) > 0, ['window_evidence_missing', 'account_disagrees', 'carrier_disagrees', 'duplicate_differs'], [1, 2, 4, 8]) AS flags,
    m.category AS category, m.market AS market,
    if(m.month = 0, '', concat(leftPad(toString(intDiv(m.month, 100)), 4, '0'), '-', leftPad(toString(m.month % 100), 2, '0'))) AS month,
    nullIf(m.window_from, toDateTime64(0, 3, 'UTC')) AS window_from,
    toString(m.claim_billable) AS claim_billable, m.claim_model AS claim_model, m.claim_type AS claim_type, m.claim_category AS claim_category,
    m.error_code AS error_code, m.error_title AS error_title,
    toString(m.cost_regime) AS cost_regime,
    if(old AND m.cost_outcome = 'pending', 'free', toString(m.cost_outcome)) AS cost_outcome,
    if(old AND m.cost_outcome = 'pending', 'not_delivered', toString(m.cost_reason)) AS cost_reason,
    m.cost_category AS cost_category,
    a.tariff AS tariff
FROM live_messages AS m FINAL
LEFT JOIN (SELECT s.sequence AS sequence, min(s.tariff) AS tariff FROM tariff_activations AS s GROUP BY s.sequence) AS a ON a.sequence = bitShiftRight(m.version, 50)
COMMENT 'Outbound messages as they are classified now, without prices. Grain: message.';
