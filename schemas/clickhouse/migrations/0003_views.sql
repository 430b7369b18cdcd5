-- Views for analysts. A view shows finished runs only, and of every month and kind only the
-- latest. To look at one run whatever came after it, take the tables with
--     WHERE attempt = (SELECT attempt FROM v_runs WHERE run = '...')
-- which reads that run's partition alone.

CREATE OR REPLACE VIEW v_runs
(
    run                  String                             COMMENT 'identity of the run',
    attempt              UUID                               COMMENT 'the finished writing of the run; the tables carry it',
    month                String                             COMMENT 'billing month, YYYY-MM',
    kind                 String                             COMMENT 'draft, final or adjustment',
    cutoff               String                             COMMENT 'how far the log was read, JSON',
    tariff               String                             COMMENT 'version of the tariff',
    messages             UInt64                             COMMENT 'messages classified',
    charges              UInt64                             COMMENT 'messages charged',
    statements           UInt64                             COMMENT 'statements made',
    finished_at          DateTime64(6, 'UTC')               COMMENT 'when the run was finished',
    latest               Bool                               COMMENT 'whether it is the latest finished run of its month and kind'
)
AS
SELECT
    run, attempt, month, kind, cutoff, tariff, messages, charges, statements, finished_at,
    row_number() OVER (PARTITION BY month, kind ORDER BY finished_at DESC, run DESC) = 1 AS latest
FROM
(
    -- the last finished attempt of each run
    SELECT
        r.run AS run,
        argMax((r.attempt, r.month, r.kind, r.cutoff, r.tariff, r.messages, r.charges, r.statements), (r.at, r.attempt)) AS last,
        last.1 AS attempt, last.2 AS month, last.3 AS kind, last.4 AS cutoff, last.5 AS tariff,
        last.6 AS messages, last.7 AS charges, last.8 AS statements,
        max(r.at) AS finished_at
    FROM runs AS r
    WHERE r.state = 'finished' AND r.attempt NOT IN (SELECT d.attempt FROM runs AS d WHERE d.state = 'dropped')
    GROUP BY r.run
)
COMMENT 'Finished runs. Grain: one run.';

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

CREATE OR REPLACE VIEW v_statement_lines
(
    run                  String                             COMMENT 'run that made the statement',
    run_kind             String                             COMMENT 'draft, final or adjustment',
    account              String                             COMMENT 'account billed',
    month                String                             COMMENT 'billing month, YYYY-MM',
    line                 UInt32                             COMMENT 'position on the statement, from 1',
    kind                 String                             COMMENT 'monthly_fee, sender_fee, care_fee, received_fee, failed_fee, usage, allowance, minimum_spend or adjustment',
    regime               String                             COMMENT 'usage: rule set',
    market               String                             COMMENT 'usage: market',
    category             String                             COMMENT 'usage: category',
    reason               String                             COMMENT 'usage: code that explains the charge',
    tier                 UInt32                             COMMENT 'usage: volume tier from 1, else 0',
    from_volume          Int64                              COMMENT 'usage: first unit of that tier',
    price_row            String                             COMMENT 'row of the tariff, file:line',
    detail               String                             COMMENT 'fees: days, package or sender',
    quantity             Int64                              COMMENT 'units',
    unit_price           Decimal(38, 18)                    COMMENT 'effective unit price, exact',
    exact                Decimal(38, 18)                    COMMENT 'quantity x unit_price, exact',
    billed               Decimal(38, 18)                    COMMENT 'exact, rounded once, half away from zero, to the minor unit',
    currency             String                             COMMENT 'ISO 4217'
)
AS
SELECT
    l.run AS run, r.kind AS run_kind, l.account AS account, l.month AS month, l.line AS line, l.kind AS kind,
    l.regime AS regime, l.market AS market, l.category AS category, l.reason AS reason, l.tier AS tier,
    l.from_volume AS from_volume, l.price_row AS price_row, l.detail AS detail, l.quantity AS quantity,
    l.unit_price AS unit_price, l.exact AS exact, l.billed AS billed, l.currency AS currency
FROM statement_lines AS l
INNER JOIN v_runs AS r ON l.attempt = r.attempt
WHERE r.latest AND l.attempt IN (SELECT attempt FROM v_runs WHERE latest)
COMMENT 'Lines of statements of the latest finished run of each month and kind. Grain: run, account, line.';

CREATE OR REPLACE VIEW v_statements
(
    run                  String                             COMMENT 'run that made the statement',
    run_kind             String                             COMMENT 'draft, final or adjustment',
    account              String                             COMMENT 'account billed',
    name                 String                             COMMENT 'name of the account',
    month                String                             COMMENT 'billing month, YYYY-MM',
    package              String                             COMMENT 'package in force on the last day',
    currency             String                             COMMENT 'ISO 4217',
    minor_digits         UInt8                              COMMENT 'decimal places of the currency',
    tariff               String                             COMMENT 'version of the tariff',
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
    unrated              Int64                              COMMENT 'messages held in suspense',
    unrated_detail       String                             COMMENT 'what the unrated lack, JSON; empty when nothing'
)
AS
SELECT
    s.run AS run, r.kind AS run_kind, s.account AS account, s.name AS name, s.month AS month,
    s.package AS package, s.currency AS currency, s.minor_digits AS minor_digits, s.tariff AS tariff,
    s.exact_total AS exact_total,
    s.billed_total AS billed_total, s.rounding_residue AS rounding_residue, s.messages AS messages,
    s.care_free AS care_free, s.care_charged AS care_charged, s.notification_free AS notification_free,
    s.notification_charged AS notification_charged, s.not_delivered AS not_delivered, s.rejected AS rejected,
    s.pending AS pending, s.unrated AS unrated, s.unrated_detail AS unrated_detail
FROM statements AS s
INNER JOIN v_runs AS r ON s.attempt = r.attempt
WHERE r.latest AND s.attempt IN (SELECT attempt FROM v_runs WHERE latest)
COMMENT 'Statements of the latest finished run of each month and kind. Grain: run, account.';

-- v_account_month counts usage again from the single charges: they are added up by what makes
-- one line of a statement, and each line is rounded once. ClickHouse rounds a Decimal
-- half away from zero, as statements do, so usage and fees add up to billed_total exactly.
CREATE OR REPLACE VIEW v_account_month
(
    run                  String                             COMMENT 'run',
    run_kind             String                             COMMENT 'draft, final or adjustment',
    account              String                             COMMENT 'account billed',
    month                String                             COMMENT 'billing month, YYYY-MM',
    currency             String                             COMMENT 'ISO 4217',
    charged_messages     UInt64                             COMMENT 'messages charged',
    usage_exact          Decimal(38, 18)                    COMMENT 'sum of the prices of the charged messages, exact',
    usage_billed         Decimal(38, 18)                    COMMENT 'the same, rounded line by line',
    fees_exact           Decimal(38, 18)                    COMMENT 'all lines that are not usage, exact',
    fees_billed          Decimal(38, 18)                    COMMENT 'all lines that are not usage, rounded line by line',
    revenue              Decimal(38, 18)                    COMMENT 'usage_billed + fees_billed, net of tax: billed_total of the statement'
)
AS
SELECT
    s.run AS run, s.run_kind AS run_kind, s.account AS account, s.month AS month, s.currency AS currency,
    u.charged_messages AS charged_messages, u.usage_exact AS usage_exact, u.usage_billed AS usage_billed,
    f.fees_exact AS fees_exact, f.fees_billed AS fees_billed,
    u.usage_billed + f.fees_billed AS revenue
FROM v_statements AS s
LEFT JOIN
(
    SELECT run, account, sum(units) AS charged_messages, sum(exact) AS usage_exact, sum(round(exact, minor_digits)) AS usage_billed
    FROM
    (
        SELECT c.run AS run, c.account AS account, count() AS units, sum(c.price) AS exact, any(t.minor_digits) AS minor_digits
        FROM v_charges AS c
        INNER JOIN v_statements AS t ON c.run = t.run AND c.account = t.account
        GROUP BY c.run, c.account, c.regime, c.market, c.category, c.reason, c.tier, c.from_volume, c.price_row, c.unit_price
    )
    GROUP BY run, account
) AS u ON s.run = u.run AND s.account = u.account
LEFT JOIN
(
    SELECT run, account, sum(exact) AS fees_exact, sum(billed) AS fees_billed
    FROM v_statement_lines
    WHERE kind != 'usage'
    GROUP BY run, account
) AS f ON s.run = f.run AND s.account = f.account
COMMENT 'Revenue by account and month, counted again from single charges. Grain: run, account.';

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
