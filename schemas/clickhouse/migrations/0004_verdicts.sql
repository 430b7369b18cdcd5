-- Verdicts: a message is judged twice, for the account and for what the carrier bills us, each with
-- its own rules, counters and list. The first verdict has its columns already and gets the
-- position in the volume counter; the second comes beside it.
--
-- The cost stands in messages, not in a table like charges: no document is made from it, and a
-- message without a cost list leaves the columns empty, which costs nothing after compression.
ALTER TABLE messages
    ADD COLUMN IF NOT EXISTS position       Int64                     COMMENT 'which unit of its volume counter it was, from 1; 0 when not charged' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS cost_regime    LowCardinality(String)    COMMENT 'rule set of the carrier in force; empty without a cost list',
    ADD COLUMN IF NOT EXISTS cost_outcome   LowCardinality(String)    COMMENT 'charged, free, ... by the carrier; empty without a cost list',
    ADD COLUMN IF NOT EXISTS cost_reason    LowCardinality(String)    COMMENT 'code that explains the outcome with the carrier',
    ADD COLUMN IF NOT EXISTS cost_category  LowCardinality(String)    COMMENT 'category as the carrier counts it',
    ADD COLUMN IF NOT EXISTS cost_tier      UInt32                    COMMENT 'volume tier with the carrier, from 1; 0 when it does not charge' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS cost_position  Int64                     COMMENT 'which unit of the volume counter of the carrier it was, from 1' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS cost_price_row LowCardinality(String)    COMMENT 'row of the cost list, file:line; empty when the carrier does not charge',
    ADD COLUMN IF NOT EXISTS unit_cost      Nullable(Decimal(38, 18)) COMMENT 'what the carrier bills us for it, exact; NULL when it does not charge or no row fits' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS cost_currency  LowCardinality(String)    COMMENT 'currency of unit_cost, ISO 4217';

ALTER TABLE charges
    ADD COLUMN IF NOT EXISTS position       Int64                     COMMENT 'which unit of its volume counter it was, from 1' CODEC(ZSTD(1));

ALTER TABLE statement_lines
    COMMENT COLUMN kind 'monthly_fee, sender_fee, care_fee, received_fee, failed_fee, usage, allowance, minimum_spend or adjustment';

-- statement_costs: a row or two per account. Partitioned by attempt like all results of runs.
CREATE TABLE IF NOT EXISTS statement_costs
(
    run                  LowCardinality(String)             COMMENT 'run that made the statement',
    attempt              UUID                               COMMENT 'attempt of the run',
    account              LowCardinality(String)             COMMENT 'account billed',
    month                LowCardinality(String)             COMMENT 'billing month, YYYY-MM',
    currency             LowCardinality(String)             COMMENT 'currency of the cost list, ISO 4217; empty when no row fitted any message',
    messages             Int64                              COMMENT 'messages the carrier charges',
    unrated              Int64                              COMMENT 'messages the carrier charges and no row of the cost list fits',
    exact                Decimal(38, 18)                    COMMENT 'what the carrier bills us for them, exact'
)
ENGINE = MergeTree
PARTITION BY attempt
ORDER BY (account, currency)
COMMENT 'What the carrier bills us for the messages of a statement. Grain: one currency of one account of one attempt. Use v_statement_costs.';

CREATE OR REPLACE VIEW v_messages
(
    run                  String                             COMMENT 'run that classified the message',
    run_month            String                             COMMENT 'month of the run, YYYY-MM',
    run_kind             String                             COMMENT 'draft, final or adjustment',
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
    outcome              String                             COMMENT 'charged, free, rejected, pending or unrated',
    reason               String                             COMMENT 'code that explains the outcome',
    flags                Array(String)                      COMMENT 'remarks that change nothing',
    category             String                             COMMENT 'own category, or that of the conversation under CBP',
    market               String                             COMMENT 'market of the tariff',
    month                String                             COMMENT 'billing month of the message; empty while not delivered',
    window_from          Nullable(DateTime64(3, 'UTC'))     COMMENT 'inbound that opened the care window it was sent in',
    claim_billable       String                             COMMENT 'unsaid, no or yes: the word of the carrier',
    claim_model          String                             COMMENT 'the pricing model the carrier names',
    claim_type           String                             COMMENT 'the pricing type the carrier names',
    claim_category       String                             COMMENT 'the category as the carrier spells it',
    error_code           Int32                              COMMENT 'carrier error code, 0 when there is none',
    error_title          String                             COMMENT 'carrier error title',
    tier                 UInt32                             COMMENT 'volume tier from 1; 0 when not charged',
    price_row            String                             COMMENT 'row of the tariff that priced it; the price is in v_charges',
    position             Int64                              COMMENT 'which unit of its volume counter it was, from 1; 0 when not charged',
    cost_regime          String                             COMMENT 'rule set of the carrier in force; empty without a cost list',
    cost_outcome         String                             COMMENT 'charged, free, ... by the carrier; empty without a cost list',
    cost_reason          String                             COMMENT 'code that explains the outcome with the carrier',
    cost_category        String                             COMMENT 'category as the carrier counts it',
    cost_tier            UInt32                             COMMENT 'volume tier with the carrier, from 1; 0 when it does not charge',
    cost_position        Int64                              COMMENT 'which unit of the volume counter of the carrier it was, from 1',
    cost_price_row       String                             COMMENT 'row of the cost list, file:line; empty when the carrier does not charge',
    unit_cost            Nullable(Decimal(38, 18))          COMMENT 'what the carrier bills us for it, exact; NULL when it does not charge or no row fits',
    cost_currency        String                             COMMENT 'currency of unit_cost, ISO 4217'
)
AS
SELECT
    m.run AS run, r.month AS run_month, r.kind AS run_kind, m.account AS account, m.message_id AS message_id,
    m.sender AS sender, m.user AS user, m.user_country AS user_country,
    m.template AS template, m.kind AS kind, m.sent_at AS sent_at, m.delivered_at AS delivered_at,
    m.failed AS failed, m.regime AS regime, m.class AS class, m.outcome AS outcome, m.reason AS reason,
    m.flags AS flags, m.category AS category,
    m.market AS market, m.month AS month, m.window_from AS window_from, m.claim_billable AS claim_billable,
    m.claim_model AS claim_model, m.claim_type AS claim_type, m.claim_category AS claim_category,
    m.error_code AS error_code, m.error_title AS error_title, m.tier AS tier, m.price_row AS price_row, m.position AS position,
    m.cost_regime AS cost_regime, m.cost_outcome AS cost_outcome, m.cost_reason AS cost_reason,
    m.cost_category AS cost_category, m.cost_tier AS cost_tier, m.cost_position AS cost_position,
    m.cost_price_row AS cost_price_row, m.unit_cost AS unit_cost, m.cost_currency AS cost_currency
FROM messages AS m
INNER JOIN v_runs AS r ON m.attempt = r.attempt
WHERE r.latest AND m.attempt IN (SELECT attempt FROM v_runs WHERE latest)
COMMENT 'Outbound messages of the latest finished run of each month and kind. Grain: run, message.';

CREATE OR REPLACE VIEW v_charges
(
    run                  String                             COMMENT 'run that charged the message',
    run_kind             String                             COMMENT 'draft, final or adjustment',
    account              String                             COMMENT 'account billed',
    month                String                             COMMENT 'billing month, YYYY-MM',
    message_id           String                             COMMENT 'message charged',
    sender               String                             COMMENT 'business number, E.164',
    user                 String                             COMMENT 'number of the recipient, E.164',
    delivered_at         DateTime64(3, 'UTC')               COMMENT 'time of delivery',
    regime               String                             COMMENT 'rule set in force at sending',
    market               String                             COMMENT 'market of the message',
    category             String                             COMMENT 'category it is priced and counted in',
    reason               String                             COMMENT 'code that explains why it was charged',
    tier                 UInt32                             COMMENT 'volume tier from 1',
    from_volume          Int64                              COMMENT 'first unit of that tier',
    price_row            String                             COMMENT 'row of the tariff, file:line',
    price_list           String                             COMMENT 'price list of that row',
    unit_price           Decimal(38, 18)                    COMMENT 'effective unit price, exact',
    price                Decimal(38, 18)                    COMMENT 'price of this message, exact; invoices round line by line, see v_statement_lines',
    currency             String                             COMMENT 'currency of the account, ISO 4217',
    position             Int64                              COMMENT 'which unit of its volume counter it was, from 1'
)
AS
SELECT
    c.run AS run, r.kind AS run_kind, c.account AS account, c.month AS month, c.message_id AS message_id,
    c.sender AS sender, c.user AS user, c.delivered_at AS delivered_at, c.regime AS regime,
    c.market AS market,
    c.category AS category, c.reason AS reason, c.tier AS tier, c.from_volume AS from_volume,
    c.price_row AS price_row, c.price_list AS price_list, c.unit_price AS unit_price, c.price AS price,
    c.currency AS currency, c.position AS position
FROM charges AS c
INNER JOIN v_runs AS r ON c.attempt = r.attempt
WHERE r.latest AND c.attempt IN (SELECT attempt FROM v_runs WHERE latest)
COMMENT 'Charged messages of the latest finished run of each month and kind. Grain: run, charged message.';

CREATE OR REPLACE VIEW v_statement_costs
(
    run                  String                             COMMENT 'run that made the statement',
    run_kind             String                             COMMENT 'draft, final or adjustment',
    account              String                             COMMENT 'account billed',
    month                String                             COMMENT 'billing month, YYYY-MM',
    currency             String                             COMMENT 'currency of the cost list, ISO 4217; empty when no row fitted any message',
    messages             Int64                              COMMENT 'messages the carrier charges',
    unrated              Int64                              COMMENT 'messages the carrier charges and no row of the cost list fits',
    exact                Decimal(38, 18)                    COMMENT 'what the carrier bills us for them, exact'
)
AS
SELECT
    c.run AS run, r.kind AS run_kind, c.account AS account, c.month AS month, c.currency AS currency,
    c.messages AS messages, c.unrated AS unrated, c.exact AS exact
FROM statement_costs AS c
INNER JOIN v_runs AS r ON c.attempt = r.attempt
WHERE r.latest AND c.attempt IN (SELECT attempt FROM v_runs WHERE latest)
COMMENT 'Costs of the statements of the latest finished run of each month and kind. Grain: run, account, currency.';
