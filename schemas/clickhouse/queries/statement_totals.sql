-- Question: what does each account owe in a run, and do charges, lines and statement agree?
-- Grain: one account of one finished run.
--   billed_total    as the statement says
--   lines_billed    the lines of the statement, each rounded here again
--   charges_billed  the single charges, added up by what makes one line, each sum rounded once,
--                   plus the lines that are not usage (fees, minimum spend, adjustments)
--   agrees          whether the three are equal to the last digit
-- Rounding: once per line, to the minor unit of the currency, half away from zero, which is how
-- ClickHouse rounds a Decimal.
-- Parameters: SET param_run = '...'
WITH (SELECT attempt FROM v_runs WHERE run = {run:String}) AS chosen
SELECT
    s.account AS account,
    s.currency AS currency,
    s.minor_digits AS minor_digits,
    toInt64(u.charged) AS charged,
    s.exact_total AS exact_total,
    s.billed_total AS billed_total,
    l.billed AS lines_billed,
    u.billed + l.fees AS charges_billed,
    billed_total = lines_billed AND billed_total = charges_billed AND exact_total = l.exact AND exact_total = u.exact + l.fees_exact AS agrees
FROM (SELECT * FROM statements WHERE attempt = chosen) AS s
LEFT JOIN
(
    SELECT
        account,
        sum(x.exact) AS exact,
        sum(round(x.exact, t.minor_digits)) AS billed,
        sumIf(x.exact, kind != 'usage') AS fees_exact,
        sumIf(round(x.exact, t.minor_digits), kind != 'usage') AS fees
    FROM (SELECT account, kind, exact FROM statement_lines WHERE attempt = chosen) AS x
    INNER JOIN (SELECT account, minor_digits FROM statements WHERE attempt = chosen) AS t USING account
    GROUP BY account
) AS l ON s.account = l.account
LEFT JOIN
(
    SELECT account, sum(units) AS charged, sum(x.exact) AS exact, sum(round(x.exact, t.minor_digits)) AS billed
    FROM
    (
        SELECT account, count() AS units, sum(price) AS exact
        FROM charges
        WHERE attempt = chosen
        GROUP BY account, regime, market, category, reason, tier, from_volume, price_row, unit_price
    ) AS x
    INNER JOIN (SELECT account, minor_digits FROM statements WHERE attempt = chosen) AS t USING account
    GROUP BY account
) AS u ON s.account = u.account
ORDER BY account
