-- v_ledger answers, from the ledger alone, whether all of a topic is here. Spans repeat after a
-- restart, and a lost process may have written one that overlaps its successor's, so offsets are
-- counted once, and spans that lie within what earlier ones reached not at all. That
-- the rows are really there too is the other half: queries/origins.sql.
--
-- reached is where the spans before one end; a span that begins above it leaves a gap.
CREATE OR REPLACE VIEW v_ledger
(
    topic                String                             COMMENT 'Kafka topic',
    partition            Int32                              COMMENT 'Kafka partition',
    first_offset         Int64                              COMMENT 'first offset consumed',
    complete_to          Int64                              COMMENT 'end of the prefix without gaps, exclusive: the cut-off of a close',
    end_offset           Int64                              COMMENT 'end of the last span, exclusive; more than complete_to when there is a gap',
    offsets              Int64                              COMMENT 'offsets consumed, each counted once',
    records              Int64                              COMMENT 'Kafka records read',
    control              Int64                              COMMENT 'offsets without a record: control records of transactions, records compacted away; offsets - records',
    stored               Int64                              COMMENT 'records of which at least one event was stored',
    refused              Int64                              COMMENT 'records of which nothing could be stored',
    events               Int64                              COMMENT 'events stored',
    parts                Int64                              COMMENT 'refusals kept: whole records and single items of a body',
    missing              Int64                              COMMENT 'offsets in gaps: never consumed. Must be 0',
    gap_from             Array(Int64)                       COMMENT 'first offset of each gap, the first 100 gaps',
    gap_to               Array(Int64)                       COMMENT 'end of each gap, exclusive',
    overlaps             Int64                              COMMENT 'spans that overlap others in part; when not 0, records, stored, refused, events and parts count some records twice',
    last_at              DateTime64(3, 'UTC')               COMMENT 'when the last span was written'
)
AS
SELECT
    topic,
    partition,
    min(offset_from) AS first_offset,
    if(missing = 0, max(offset_to), argMinIf(reached, offset_from, offset_from > reached)) AS complete_to,
    max(offset_to) AS end_offset,
    toInt64(sum(greatest(offset_to - greatest(offset_from, reached), 0))) AS offsets,
    toInt64(sumIf(l.records, new)) AS records,
    offsets - records AS control,
    toInt64(sumIf(l.stored, new)) AS stored,
    toInt64(sumIf(l.refused, new)) AS refused,
    toInt64(sumIf(l.events, new)) AS events,
    toInt64(sumIf(l.parts, new)) AS parts,
    toInt64(sum(greatest(offset_from - reached, 0))) AS missing,
    arraySort(groupArrayIf(100)(reached, offset_from > reached)) AS gap_from,
    arraySort(groupArrayIf(100)(offset_from, offset_from > reached)) AS gap_to,
    toInt64(countIf(offset_from < reached AND offset_to > reached)) AS overlaps,
    max(l.inserted_at) AS last_at
FROM
(
    SELECT
        topic, partition, offset_from, offset_to, records, stored, refused, events, parts, inserted_at,
        if(row_number() OVER spans = 1, offset_from, max(offset_to) OVER earlier) AS reached,
        offset_to > reached AS new
    FROM ledger
    WINDOW
        spans AS (PARTITION BY topic, partition ORDER BY offset_from, offset_to DESC),
        earlier AS (PARTITION BY topic, partition ORDER BY offset_from, offset_to DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
) AS l
GROUP BY topic, partition
COMMENT 'Completeness by the ledger: what was consumed, how it ended, and what is missing. Grain: one partition of a topic.';
