package metrics

import "postage/ingest/live"

// Live publishes what live classification counts.
func (m *Metrics) Live(s *live.Stats) {
	m.Counter("postage_live_hits_total", "Conversations of batches that were in the cache, or new.", s.Hits.Load)
	m.Counter("postage_live_misses_total", "Conversations of batches that had to be loaded from the log.", s.Misses.Load)
	m.Counter("postage_live_unnamed_total", "Conversations of batches of which the id of an earlier message was looked up.", s.Unnamed.Load)
	m.Counter("postage_live_loads_total", "Queries that loaded conversations from the log.", s.Loads.Load)
	m.Counter("postage_live_rows_total", "Verdicts written to the table live_messages.", s.Rows.Load)
	m.Counter("postage_live_late_total", "Verdicts on messages that the batch had no event of: changed by a late event.", s.Late.Load)
	m.Counter("postage_live_evicted_total", "Conversations that left the cache for want of room.", s.Evicted.Load)
	m.Counter("postage_live_swept_total", "Conversations classified again, after a take-over or under a new tariff.", s.Swept.Load)
	m.Gauge("postage_live_resident", "Conversations in the cache now.", s.Resident.Load)
	m.Gauge("postage_live_cache_bytes", "Memory of the cache now, in bytes.", s.CacheBytes.Load)
	m.Gauge("postage_live_activation", "Number of the tariff that is active in this process, 0 for none; equal on all processes but for seconds.", s.Activation.Load)
}
