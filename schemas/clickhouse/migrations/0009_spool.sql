-- spool: classified messages of a group of accounts that is too large for memory, while they wait to be
-- priced. Pricing walks them in the order (delivered_at, message_id, sender, user), which is the key here, so
-- they are read back without sorting. Nobody else reads this table. Codes are the numbers of the program
-- that wrote them, which is the one that reads them.
--
-- PARTITION BY spool: one is thrown away as a whole. What a process that died has left goes after two days.
CREATE TABLE IF NOT EXISTS spool
(
    spool                UUID                               COMMENT 'whose rows they are: one group of one rating under way' CODEC(ZSTD(1)),
    written_at           DateTime('UTC') DEFAULT now()      COMMENT 'when the row was written; decides when it is forgotten and nothing else' CODEC(Delta, ZSTD(1)),
    delivered_at         Int64                              COMMENT 'time of delivery, ms since 1970' CODEC(Delta, LZ4),
    message_id           String                             COMMENT 'message' CODEC(LZ4),
    sender               String                             COMMENT 'business number, E.164' CODEC(LZ4),
    user                 String                             COMMENT 'number of the recipient, E.164' CODEC(LZ4),
    sent_at              Int64                              COMMENT 'time of sending, ms since 1970' CODEC(LZ4),
    window_from          Int64                              COMMENT 'inbound that opened the care window, ms since 1970, or 0' CODEC(LZ4),
    account              LowCardinality(String)             COMMENT 'account billed',
    user_country         LowCardinality(String)             COMMENT 'ISO country the events name, or empty',
    template             LowCardinality(String)             COMMENT 'template name',
    market               LowCardinality(String)             COMMENT 'market of the tariff',
    month                LowCardinality(String)             COMMENT 'billing month, YYYY-MM',
    category             LowCardinality(String)             COMMENT 'category of the message for the account',
    cost_category        LowCardinality(String)             COMMENT 'category of the message for the carrier',
    claim_model          LowCardinality(String)             COMMENT 'the pricing model the carrier names',
    claim_type           LowCardinality(String)             COMMENT 'the pricing type the carrier names',
    claim_category       LowCardinality(String)             COMMENT 'the category as the carrier spells it',
    error_title          LowCardinality(String)             COMMENT 'carrier error title',
    error_code           Int32                              COMMENT 'carrier error code' CODEC(LZ4),
    codes                FixedString(12)                    COMMENT 'one byte each: kind, class, flags, failed, billable; regime, outcome and reason for the account, then for the carrier; 0' CODEC(LZ4)
)
ENGINE = MergeTree
PARTITION BY spool
ORDER BY (delivered_at, message_id, sender, user)
TTL written_at + INTERVAL 2 DAY
SETTINGS ttl_only_drop_parts = 1
COMMENT 'Messages that wait to be priced, for the time of one rating. Grain: one message.';
