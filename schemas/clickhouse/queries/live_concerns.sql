-- Question: which messages has live classification left unrated, and which bear a flag, by month?
-- Grain: one reason or flag of one billing month ('' while it has none). A message counts once for its reason and once for
-- each of its flags; v_live_messages says which they are. Reads two bytes of every row, and
-- whole rows only of messages that have ever been of concern.
SELECT concern.1 AS what, concern.2 AS code, if(month = 0, '', concat(leftPad(toString(intDiv(month, 100)), 4, '0'), '-', leftPad(toString(month % 100), 2, '0'))) AS billing_month, toInt64(count()) AS messages
FROM
(
    SELECT argMax(outcome, version) AS outcome, argMax(reason, version) AS reason, argMax(flags, version) AS flags, argMax(month, version) AS month
    FROM live_messages
    WHERE (sender, user, message_id) IN (SELECT sender, user, message_id FROM live_messages WHERE outcome = 'unrated' OR flags > 0)
    GROUP BY sender, user, message_id
)
ARRAY JOIN arrayConcat(
    if(outcome = 'unrated', [('unrated', toString(reason))], []),
    arrayMap(flag -> ('flag', flag), arrayFilter((name, bit) -> bitAnd(flags, bit) > 0, ['window_evidence_missing', 'account_disagrees', 'carrier_disagrees', 'duplicate_differs'], [1, 2, 4, 8]))
) AS concern
GROUP BY what, code, billing_month
ORDER BY what, code, billing_month
