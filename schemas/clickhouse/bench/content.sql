-- Question: what is in the log? Two logs with the same events at the same origins give the same answer.
-- Grain: one row.
SELECT
    toInt64(count()) AS events,
    toInt64(uniqExact(partition, offset, item)) AS origins,
    sum(cityHash64(partition, offset, item, type, kind, referral, client, time, message_id, sender, user, account, user_country, category,
        template, source, claim_billable, claim_model, claim_type, claim_category, error_code, error_title, extra)) AS content
FROM events
