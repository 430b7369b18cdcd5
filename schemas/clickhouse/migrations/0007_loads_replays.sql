-- loads: which files were to be loaded. A file is a topic of its own; that its end has been
-- reached is for the ledger to say. Written before the first record, so that a load that was cut
-- short is known to be one. A handful of rows a month.
CREATE TABLE IF NOT EXISTS loads
(
    topic                String                             COMMENT 'load: and the SHA-256 of the content: the topic of its records in events, refused and ledger',
    file                 String                             COMMENT 'the name it was loaded under',
    bytes                Int64                              COMMENT 'size of the file',
    records              Int64                              COMMENT 'records in the file: lines that are not blank, or rows',
    run                  String                             COMMENT 'identity of the load; the one begun last has the file',
    end_offset           Int64                              COMMENT 'one more than the offset of the last record: complete when the ledger reaches it',
    begun_at             DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when loading began, or was taken up again'
)
ENGINE = MergeTree
ORDER BY (topic, begun_at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Files of events that were loaded. Grain: one load of one file; the same content again, under whatever name, is another row and loads nothing.';

-- replays: which refused records were sent through the front door again. The record, not the
-- item: what is replayed is a whole record, with all its items. Written after the broker has it:
-- a crash in between makes a replay look open, and doing it again makes copies, which identity removes.
CREATE TABLE IF NOT EXISTS replays
(
    topic                LowCardinality(String)             COMMENT 'topic of the refused record (origin)',
    partition            Int32                              COMMENT 'partition of the refused record (origin)',
    offset               Int64                              COMMENT 'offset of the refused record (origin)',
    to_topic             LowCardinality(String)             COMMENT 'topic the replay went to',
    to_partition         Int32                              COMMENT 'partition the replay went to',
    to_offset            Int64                              COMMENT 'offset of the replay: its events, or what is refused of it again, have this origin',
    edited               UInt8                              COMMENT '1 when the value was another than the refused one',
    replayed_at          DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when it was sent'
)
ENGINE = MergeTree
ORDER BY (topic, partition, offset)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Refused records that were replayed. Grain: one replay; a refused record without one is open.';
