-- Question: which attempts at runs were begun more than a day ago and neither finished nor dropped?
-- Grain: one attempt. Whoever made them has died: a run takes minutes.
SELECT
    any(r.run), r.attempt, toUInt8(max(r.state)),
    any(r.month), any(r.kind), any(r.cutoff), any(r.tariff),
    max(r.messages), max(r.charges), max(r.statements)
FROM runs AS r
GROUP BY r.attempt
HAVING max(r.state) = 'begun' AND max(r.at) < now() - INTERVAL 1 DAY
