-- Runs: results of the rating function, kept for SQL. A cache: it can be dropped and rebuilt
-- from the log and the tariff, and nothing that issues a document reads it.
--
-- A run has attempts. Writing a run gives every row a new attempt; one row in `runs` then says
-- that the attempt is finished, and with that single insert the whole run becomes visible
-- (or replaces an earlier attempt) at once. So a reader never sees half a run, and two
-- processes that write the same run do not mix. Read through the views of 0003.
--
-- PARTITION BY attempt, in all four tables: an attempt is thrown away as a whole, by dropping
-- its partition, which is one atomic operation of the file system and not a mutation. An insert
-- touches one attempt, so it makes one part. Queries name a run, hence read one partition.
-- Runs are few: a few drafts and one final run a month.

-- runs: an append-only log of states; states only go up, so the highest of an attempt counts
-- (not the latest by a clock).
CREATE TABLE IF NOT EXISTS runs
(
    run                  String                             COMMENT 'identity of the run: a hash of all that decides its result',
    attempt              UUID                               COMMENT 'one writing of the run; the rows of the other tables carry it',
    month                LowCardinality(String)             COMMENT 'billing month, YYYY-MM',
    kind                 LowCardinality(String)             COMMENT 'draft, final or adjustment',
    cutoff               String                             COMMENT 'how far the log was read, JSON: [{topic, partition, offset}], offsets exclusive' CODEC(ZSTD(1)),
    tariff               LowCardinality(String)             COMMENT 'version of the tariff',
    state                Enum8('begun' = 1, 'finished' = 2, 'dropped' = 3) COMMENT 'the highest state of an attempt counts; only finished ones are visible in the views',
    messages             UInt64                             COMMENT 'rows of `messages`, known when finished',
    charges              UInt64                             COMMENT 'rows of `charges`, known when finished',
    statements           UInt64                             COMMENT 'rows of `statements`, known when finished',
    at                   DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'when this state was reached'
)
ENGINE = MergeTree
ORDER BY (run, attempt, at)
COMMENT 'States of runs. Grain: one state of one attempt of a run.';

-- messages: ORDER BY account and day of sending: analysts ask for one account and a span of days.
-- A message is judged twice: for the account, and (cost_...) for what the carrier bills us. The cost
-- stands in messages, not in a table like charges: no document is made from it, and a message without
-- a cost list leaves the columns empty, which costs nothing after compression.
CREATE TABLE IF NOT EXISTS messages
(
    run                  LowCardinality(String)             COMMENT 'run that classified the message',
    attempt              UUID                               COMMENT 'attempt of the run' CODEC(ZSTD(1)),
    account              LowCardinality(String)             COMMENT 'account billed; empty when the sender is unknown',
    sent_at              DateTime64(3, 'UTC')               COMMENT 'time of sent; without one the earliest delivered or read, else failed' CODEC(Delta, ZSTD(1)),
    message_id           String                             COMMENT 'message' CODEC(ZSTD(1)),
    sender               LowCardinality(String)             COMMENT 'business number, E.164',
    user                 String                             COMMENT 'number of the recipient, E.164' CODEC(ZSTD(1)),
    user_country         LowCardinality(String)             COMMENT 'ISO country the events name, or empty',
    template             LowCardinality(String)             COMMENT 'template name',
    kind                 LowCardinality(String)             COMMENT 'template, freeform, reaction, call, echo; empty when unknown',
    delivered_at         Nullable(DateTime64(3, 'UTC'))     COMMENT 'time of delivered, else read; NULL while not delivered' CODEC(Delta, ZSTD(1)),
    failed               Bool                               COMMENT 'a failed status was seen; after a delivery it changes nothing' CODEC(ZSTD(1)),
    regime               LowCardinality(String)             COMMENT 'rule set in force at sending: NBP, CBP1, CBP2, CBP3, PMP1, PMP2',
    class                LowCardinality(String)             COMMENT 'care (an answer) or notification (a template)',
    outcome              LowCardinality(String)             COMMENT 'charged, free, rejected, pending or unrated',
    reason               LowCardinality(String)             COMMENT 'code that explains the outcome',
    flags                Array(LowCardinality(String))      COMMENT 'remarks that change nothing: window_evidence_missing, account_disagrees, carrier_disagrees, duplicate_differs' CODEC(ZSTD(1)),
    category             LowCardinality(String)             COMMENT 'own category, or that of the conversation under CBP',
    market               LowCardinality(String)             COMMENT 'market of the tariff; empty when unknown or not needed',
    month                LowCardinality(String)             COMMENT 'billing month YYYY-MM, of delivered_at in the timezone of the account; empty while not delivered',
    window_from          Nullable(DateTime64(3, 'UTC'))     COMMENT 'inbound that opened the care window it was sent in; NULL when there was none' CODEC(Delta, ZSTD(1)),
    claim_billable       Enum8('unsaid' = 0, 'no' = 1, 'yes' = 2) COMMENT 'whether the carrier says that it will bill' CODEC(ZSTD(1)),
    claim_model          LowCardinality(String)             COMMENT 'the pricing model the carrier names',
    claim_type           LowCardinality(String)             COMMENT 'the pricing type the carrier names',
    claim_category       LowCardinality(String)             COMMENT 'the category as the carrier spells it',
    error_code           Int32                              COMMENT 'carrier error code, 0 when there is none' CODEC(ZSTD(1)),
    error_title          LowCardinality(String)             COMMENT 'carrier error title',
    tier                 UInt32                             COMMENT 'volume tier from 1; 0 when not charged' CODEC(ZSTD(1)),
    price_row            LowCardinality(String)             COMMENT 'row of the tariff that priced it, file:line; empty when not charged. The price is in charges',
    position             Int64                              COMMENT 'which unit of its volume counter it was, from 1; 0 when not charged' CODEC(ZSTD(1)),
    cost_regime          LowCardinality(String)             COMMENT 'rule set of the carrier in force; empty without a cost list',
    cost_outcome         LowCardinality(String)             COMMENT 'charged, free, ... by the carrier; empty without a cost list',
    cost_reason          LowCardinality(String)             COMMENT 'code that explains the outcome with the carrier',
    cost_category        LowCardinality(String)             COMMENT 'category as the carrier counts it',
    cost_tier            UInt32                             COMMENT 'volume tier with the carrier, from 1; 0 when it does not charge' CODEC(ZSTD(1)),
    cost_position        Int64                              COMMENT 'which unit of the volume counter of the carrier it was, from 1' CODEC(ZSTD(1)),
    cost_price_row       LowCardinality(String)             COMMENT 'row of the cost list, file:line; empty when the carrier does not charge',
    unit_cost            Nullable(Decimal(38, 18))          COMMENT 'what the carrier bills us for it, exact; NULL when it does not charge or no row fits' CODEC(ZSTD(1)),
    cost_currency        LowCardinality(String)             COMMENT 'currency of unit_cost, ISO 4217'
)
ENGINE = MergeTree
PARTITION BY attempt
ORDER BY (account, sent_at)
COMMENT 'Outbound messages as a run classified them. Grain: one message of one attempt. Use v_messages.';

-- charges: ORDER BY what invoices are read by. The price is repeated on every row: it costs
-- next to nothing after compression, since equal prices stand together, and spares a join.
CREATE TABLE IF NOT EXISTS charges
(
    run                  LowCardinality(String)             COMMENT 'run that charged the message',
    attempt              UUID                               COMMENT 'attempt of the run' CODEC(ZSTD(1)),
    account              LowCardinality(String)             COMMENT 'account billed',
    month                LowCardinality(String)             COMMENT 'billing month, YYYY-MM',
    message_id           String                             COMMENT 'message charged' CODEC(ZSTD(1)),
    sender               LowCardinality(String)             COMMENT 'business number, E.164',
    user                 String                             COMMENT 'number of the recipient, E.164' CODEC(ZSTD(1)),
    delivered_at         DateTime64(3, 'UTC')               COMMENT 'delivery; first part of the canonical order in which tiers are walked' CODEC(Delta, ZSTD(1)),
    regime               LowCardinality(String)             COMMENT 'rule set in force at sending',
    market               LowCardinality(String)             COMMENT 'market of the message (the price row may say *)',
    category             LowCardinality(String)             COMMENT 'category it is priced and counted in; under NBP notification (the price row may say *)',
    reason               LowCardinality(String)             COMMENT 'code that explains why it was charged',
    tier                 UInt32                             COMMENT 'volume tier from 1' CODEC(ZSTD(1)),
    from_volume          Int64                              COMMENT 'first unit of that tier' CODEC(ZSTD(1)),
    price_row            LowCardinality(String)             COMMENT 'row of the tariff, file:line',
    price_list           LowCardinality(String)             COMMENT 'price list of that row',
    unit_price           Decimal(38, 18)                    COMMENT 'effective unit price: list price, markup and conversion, exact' CODEC(ZSTD(1)),
    price                Decimal(38, 18)                    COMMENT 'price of this message, exact, not rounded' CODEC(ZSTD(1)),
    currency             LowCardinality(String)             COMMENT 'currency of the account, ISO 4217',
    position             Int64                              COMMENT 'which unit of its volume counter it was, from 1' CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY attempt
ORDER BY (account, category, market, tier, delivered_at)
COMMENT 'Charged messages of a run. Grain: one charged message of one attempt. Use v_charges.';

-- statements and statement_lines: a few rows per account.
CREATE TABLE IF NOT EXISTS statements
(
    run                  LowCardinality(String)             COMMENT 'run that made the statement',
    attempt              UUID                               COMMENT 'attempt of the run',
    account              LowCardinality(String)             COMMENT 'account billed',
    name                 String                             COMMENT 'name of the account',
    month                LowCardinality(String)             COMMENT 'billing month, YYYY-MM',
    package              LowCardinality(String)             COMMENT 'package in force on the last day',
    currency             LowCardinality(String)             COMMENT 'ISO 4217',
    minor_digits         UInt8                              COMMENT 'decimal places of the currency: 0, 2 or 3',
    tariff               LowCardinality(String)             COMMENT 'version of the tariff',
    exact_total          Decimal(38, 18)                    COMMENT 'sum of the exact amounts of the lines',
    billed_total         Decimal(38, 18)                    COMMENT 'sum of the billed amounts of the lines, net of tax',
    rounding_residue     Decimal(38, 18)                    COMMENT 'billed_total - exact_total',
    messages             Int64                              COMMENT 'outbound messages of the month',
    care_free            Int64                              COMMENT 'care messages that were free',
    care_charged         Int64                              COMMENT 'care messages that were charged',
    notification_free    Int64                              COMMENT 'notifications that were free',
    notification_charged Int64                              COMMENT 'notifications that were charged',
    not_delivered        Int64                              COMMENT 'messages not delivered',
    rejected             Int64                              COMMENT 'free-form messages refused by the carrier',
    pending              Int64                              COMMENT 'messages neither delivered nor failed yet',
    unrated              Int64                              COMMENT 'messages held in suspense for lack of account, market or price',
    unrated_detail       String                             COMMENT 'what the unrated lack, JSON: [{reason, market, category, count, missing}]; empty when nothing'
)
ENGINE = MergeTree
PARTITION BY attempt
ORDER BY account
COMMENT 'Totals of a run by account. Grain: one account of one attempt. Use v_statements.';

CREATE TABLE IF NOT EXISTS statement_lines
(
    run                  LowCardinality(String)             COMMENT 'run that made the statement',
    attempt              UUID                               COMMENT 'attempt of the run',
    account              LowCardinality(String)             COMMENT 'account billed',
    month                LowCardinality(String)             COMMENT 'billing month, YYYY-MM',
    line                 UInt32                             COMMENT 'position on the statement, from 1',
    kind                 LowCardinality(String)             COMMENT 'monthly_fee, sender_fee, care_fee, received_fee, failed_fee, usage, allowance, minimum_spend or adjustment',
    regime               LowCardinality(String)             COMMENT 'usage: rule set',
    market               LowCardinality(String)             COMMENT 'usage: market',
    category             LowCardinality(String)             COMMENT 'usage: category',
    reason               LowCardinality(String)             COMMENT 'usage: code that explains the charge',
    tier                 UInt32                             COMMENT 'usage: volume tier from 1, else 0',
    from_volume          Int64                              COMMENT 'usage: first unit of that tier',
    price_row            LowCardinality(String)             COMMENT 'row of the tariff, file:line',
    detail               String                             COMMENT 'fees: days, package or sender',
    quantity             Int64                              COMMENT 'units',
    unit_price           Decimal(38, 18)                    COMMENT 'effective unit price, exact',
    exact                Decimal(38, 18)                    COMMENT 'quantity x unit_price, exact',
    billed               Decimal(38, 18)                    COMMENT 'exact, rounded once, half away from zero, to the minor unit of the currency',
    currency             LowCardinality(String)             COMMENT 'ISO 4217'
)
ENGINE = MergeTree
PARTITION BY attempt
ORDER BY (account, line)
COMMENT 'Lines of statements. Grain: one line of one account of one attempt. Use v_statement_lines.';

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
