-- What the books have issued, for analysts. The books are the truth: these rows are copied from
-- them after every close and by `postage books project`, which also removes rows that the books do
-- not have. A row may be written twice; the views show one.
-- One partition: a few thousand rows a month at most, asked for by number, account or month alike.

CREATE TABLE IF NOT EXISTS documents
(
    number               String                             COMMENT 'number of the document',
    series               LowCardinality(String)             COMMENT 'number series: seller, type and year',
    sequence             UInt32                             COMMENT 'position in the series, from 1 without gap',
    type                 LowCardinality(String)             COMMENT 'invoice, credit_note or debit_note',
    month                LowCardinality(String)             COMMENT 'month supplied, YYYY-MM',
    account              LowCardinality(String)             COMMENT 'account billed',
    customer             String                             COMMENT 'name of the customer as on the document',
    seller               LowCardinality(String)             COMMENT 'seller of sellers.csv, or empty',
    issued_on            Date32                             COMMENT 'date of the document',
    preceding            String                             COMMENT 'notes: number of the invoice they correct',
    reason               String                             COMMENT 'notes: why',
    currency             LowCardinality(String)             COMMENT 'ISO 4217',
    net                  Decimal(38, 18)                    COMMENT 'sum of the billed lines; on a credit note owed to the customer',
    tax                  Decimal(38, 18)                    COMMENT 'tax on it',
    gross                Decimal(38, 18)                    COMMENT 'net and tax',
    signed_net           Decimal(38, 18)                    COMMENT 'net, negative on a credit note: adds up to what was billed',
    run                  String                             COMMENT 'run that it came of; joins v_closes, and v_statements where that run is the latest',
    statement_version    UInt32                             COMMENT 'version of the statement behind it: 1 is the close',
    tariff               LowCardinality(String)             COMMENT 'version of the tariff it was made under',
    sha256               String                             COMMENT 'its hash in the chain of the series',
    projected_at         DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when this row was copied from the books'
)
ENGINE = ReplacingMergeTree(projected_at)
ORDER BY number
COMMENT 'Issued documents. Grain: one document, perhaps written twice. Use v_documents.';

CREATE TABLE IF NOT EXISTS document_lines
(
    number               String                             COMMENT 'number of the document',
    line                 UInt32                             COMMENT 'position on it, from 1',
    kind                 LowCardinality(String)             COMMENT 'monthly_fee, sender_fee, care_fee, received_fee, failed_fee, usage, allowance, minimum_spend or adjustment',
    description          String                             COMMENT 'the line in words',
    regime               LowCardinality(String)             COMMENT 'usage: rule set',
    market               LowCardinality(String)             COMMENT 'usage: market',
    category             LowCardinality(String)             COMMENT 'usage: category',
    tier                 UInt32                             COMMENT 'usage: volume tier from 1, else 0',
    unit                 LowCardinality(String)             COMMENT 'what is counted: messages, month, ...',
    quantity             Int64                              COMMENT 'units; negative where a note takes them back',
    unit_price           Decimal(38, 18)                    COMMENT 'effective unit price, exact',
    exact                Decimal(38, 18)                    COMMENT 'quantity x unit_price, exact',
    billed               Decimal(38, 18)                    COMMENT 'exact, rounded once to the minor unit of the currency',
    price_row            LowCardinality(String)             COMMENT 'row of the tariff, file:line',
    projected_at         DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when this row was copied from the books'
)
ENGINE = ReplacingMergeTree(projected_at)
ORDER BY (number, line)
COMMENT 'Lines of issued documents. Grain: one line of one document, perhaps written twice. Use v_document_lines.';

CREATE TABLE IF NOT EXISTS closes
(
    run                  String                             COMMENT 'run that was issued',
    month                LowCardinality(String)             COMMENT 'month closed or adjusted, YYYY-MM',
    kind                 LowCardinality(String)             COMMENT 'final or adjustment',
    accounts             Array(String)                      COMMENT 'accounts closed by themselves; empty for all',
    cutoff               String                             COMMENT 'how far the log was read, JSON',
    tariff               LowCardinality(String)             COMMENT 'version of the tariff',
    review               String                             COMMENT 'what was approved: postage close prints it',
    approved_by          String                             COMMENT 'who approved it',
    why                  String                             COMMENT 'and why',
    approved_at          String                             COMMENT 'when, RFC 3339',
    projected_at         DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when this row was copied from the books'
)
ENGINE = ReplacingMergeTree(projected_at)
ORDER BY run
COMMENT 'What was issued, and who approved it. Grain: one run, perhaps written twice. Use v_closes.';

CREATE VIEW IF NOT EXISTS v_documents
(
    number               String                             COMMENT 'number of the document',
    series               String                             COMMENT 'number series: seller, type and year',
    sequence             UInt32                             COMMENT 'position in the series, from 1 without gap',
    type                 String                             COMMENT 'invoice, credit_note or debit_note',
    month                String                             COMMENT 'month supplied, YYYY-MM',
    account              String                             COMMENT 'account billed',
    customer             String                             COMMENT 'name of the customer as on the document',
    seller               String                             COMMENT 'seller of sellers.csv, or empty',
    issued_on            Date32                             COMMENT 'date of the document',
    preceding            String                             COMMENT 'notes: number of the invoice they correct',
    reason               String                             COMMENT 'notes: why',
    currency             String                             COMMENT 'ISO 4217',
    net                  Decimal(38, 18)                    COMMENT 'sum of the billed lines; on a credit note owed to the customer',
    tax                  Decimal(38, 18)                    COMMENT 'tax on it',
    gross                Decimal(38, 18)                    COMMENT 'net and tax',
    signed_net           Decimal(38, 18)                    COMMENT 'net, negative on a credit note: adds up to what was billed',
    run                  String                             COMMENT 'run that it came of; joins v_closes, and v_statements where that run is the latest',
    statement_version    UInt32                             COMMENT 'version of the statement behind it: 1 is the close',
    tariff               String                             COMMENT 'version of the tariff it was made under',
    sha256               String                             COMMENT 'its hash in the chain of the series'
)
AS
SELECT
    d.number AS number, d.series AS series, d.sequence AS sequence, d.type AS type, d.month AS month, d.account AS account,
    d.customer AS customer, d.seller AS seller, d.issued_on AS issued_on, d.preceding AS preceding, d.reason AS reason,
    d.currency AS currency, d.net AS net, d.tax AS tax, d.gross AS gross, d.signed_net AS signed_net, d.run AS run,
    d.statement_version AS statement_version, d.tariff AS tariff, d.sha256 AS sha256
FROM documents AS d FINAL
COMMENT 'Issued documents. Grain: one document.';

CREATE VIEW IF NOT EXISTS v_document_lines
(
    number               String                             COMMENT 'number of the document',
    line                 UInt32                             COMMENT 'position on it, from 1',
    kind                 String                             COMMENT 'monthly_fee, sender_fee, care_fee, received_fee, failed_fee, usage, allowance, minimum_spend or adjustment',
    description          String                             COMMENT 'the line in words',
    regime               String                             COMMENT 'usage: rule set',
    market               String                             COMMENT 'usage: market',
    category             String                             COMMENT 'usage: category',
    tier                 UInt32                             COMMENT 'usage: volume tier from 1, else 0',
    unit                 String                             COMMENT 'what is counted: messages, month, ...',
    quantity             Int64                              COMMENT 'units; negative where a note takes them back',
    unit_price           Decimal(38, 18)                    COMMENT 'effective unit price, exact',
    exact                Decimal(38, 18)                    COMMENT 'quantity x unit_price, exact',
    billed               Decimal(38, 18)                    COMMENT 'exact, rounded once to the minor unit of the currency',
    price_row            String                             COMMENT 'row of the tariff, file:line'
)
AS
SELECT
    l.number AS number, l.line AS line, l.kind AS kind, l.description AS description, l.regime AS regime, l.market AS market,
    l.category AS category, l.tier AS tier, l.unit AS unit, l.quantity AS quantity, l.unit_price AS unit_price, l.exact AS exact,
    l.billed AS billed, l.price_row AS price_row
FROM document_lines AS l FINAL
COMMENT 'Lines of issued documents. Grain: one line of one document.';

CREATE VIEW IF NOT EXISTS v_closes
(
    run                  String                             COMMENT 'run that was issued',
    month                String                             COMMENT 'month closed or adjusted, YYYY-MM',
    kind                 String                             COMMENT 'final or adjustment',
    accounts             Array(String)                      COMMENT 'accounts closed by themselves; empty for all',
    cutoff               String                             COMMENT 'how far the log was read, JSON',
    tariff               String                             COMMENT 'version of the tariff',
    review               String                             COMMENT 'what was approved: postage close prints it',
    approved_by          String                             COMMENT 'who approved it',
    why                  String                             COMMENT 'and why',
    approved_at          String                             COMMENT 'when, RFC 3339'
)
AS
SELECT
    c.run AS run, c.month AS month, c.kind AS kind, c.accounts AS accounts, c.cutoff AS cutoff, c.tariff AS tariff,
    c.review AS review, c.approved_by AS approved_by, c.why AS why, c.approved_at AS approved_at
FROM closes AS c FINAL
COMMENT 'What was issued, and who approved it. Grain: one run.';
