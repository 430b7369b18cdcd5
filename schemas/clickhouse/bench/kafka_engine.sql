-- ClickHouse's own way from Kafka to the table events: a queue of engine Kafka, and a
-- materialized view that fills the table. It decodes the wire format v1, every column of it, and
-- of the members that the format does not know the one that made-up traffic has (attempt). It lacks
-- what ours does beside: rules for bad records, webhook bodies, a ledger, each origin once.
--
-- {name:String} is replaced by a quoted string, {name:Int64} by a number.
CREATE TABLE kafka_queue
(
    type         String,
    kind         String,
    referral     String,
    client       String,
    time         DateTime64(3, 'UTC'),
    message_id   String,
    sender       String,
    user         String,
    account      String,
    user_country String,
    category     String,
    template     String,
    source       String,
    pricing      Tuple(billable Nullable(Bool), model String, type String, category String),
    error        Tuple(code Int32, title String),
    attempt      Nullable(Int64)
)
ENGINE = Kafka
SETTINGS
    kafka_broker_list = {brokers:String},
    kafka_topic_list = {topic:String},
    kafka_group_name = {group:String},
    kafka_format = 'JSONEachRow',
    kafka_num_consumers = {consumers:Int64},
    kafka_thread_per_consumer = {thread_per_consumer:Int64},
    kafka_max_block_size = {max_block_size:Int64},
    kafka_poll_max_batch_size = {poll_max_batch_size:Int64},
    kafka_flush_interval_ms = {flush_interval_ms:Int64},
    date_time_input_format = 'best_effort',
    input_format_skip_unknown_fields = 1,
    input_format_null_as_default = 1;

CREATE MATERIALIZED VIEW kafka_to_events TO events AS
SELECT
    _topic AS topic,
    toInt32(_partition) AS partition,
    toInt64(_offset) AS offset,
    toInt32(0) AS item,
    assumeNotNull(_timestamp_ms) AS arrived_at,
    q.type AS type, kind, referral, client, time, message_id, sender, user, account, user_country, category, template, source,
    multiIf(isNull(pricing.billable), 'unsaid', pricing.billable, 'yes', 'no') AS claim_billable,
    pricing.model AS claim_model,
    pricing.type AS claim_type,
    pricing.category AS claim_category,
    error.code AS error_code,
    error.title AS error_title,
    if(isNull(attempt), '', concat('{"attempt":', toString(attempt), '}')) AS extra
FROM kafka_queue AS q
