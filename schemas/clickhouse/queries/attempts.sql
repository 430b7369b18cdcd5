-- Question: which attempts at writing a run were there, and how far did each come?
-- Grain: one attempt. States only go up, so the highest counts.
-- Parameters: SET param_run = '...'
SELECT
    r.attempt,
    toUInt8(max(r.state)),
    any(r.month), any(r.kind), any(r.cutoff), any(r.tariff),
    max(r.messages), max(r.charges), max(r.statements)
FROM runs AS r
WHERE r.run = {run:String}
GROUP BY r.attempt
ORDER BY min(r.at), r.attempt
