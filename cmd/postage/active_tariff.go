package main

import (
	"context"
	"postage/rating"
	"postage/schemas/clickhouse"
	"sync"
	"sync/atomic"
)

// activeTariffs gives the tariffs that are active, by version, out of the copies that
// ClickHouse keeps. It is safe for concurrent use.
type activeTariffs struct {
	store *clickhouse.Store
	byID  atomic.Pointer[map[string]string] // senders by the carrier's id of their number

	mu     sync.Mutex
	loaded map[string]*rating.Tariff
}

func newActiveTariffs(store *clickhouse.Store) *activeTariffs {
	return &activeTariffs{store: store, loaded: map[string]*rating.Tariff{}}
}

// activate keeps a tariff and makes it the active one of all processes, unless it is.
func (a *activeTariffs) activate(ctx context.Context, t *loadedTariff) error {
	if err := a.store.SaveTariff(ctx, t.Rows.Version, t.content); err != nil {
		return err
	}
	a.mu.Lock()
	a.loaded[t.Rows.Version] = t.Tariff
	a.mu.Unlock()
	_, err := a.store.Activate(ctx, t.Rows.Version)
	return err
}

// tariff returns the tariff of a version, which is the active one from now on.
func (a *activeTariffs) tariff(ctx context.Context, version string) (*rating.Tariff, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.loaded[version]
	if t == nil {
		content, err := a.store.LoadTariff(ctx, version)
		if err != nil {
			return nil, err
		}
		if t, err = thawTariff(content); err != nil {
			return nil, err
		}
		a.loaded[version] = t
	}
	a.setSenders(t)
	return t, nil
}

func (a *activeTariffs) setSenders(t *rating.Tariff) {
	byID := phoneNumberIDs(t)
	a.byID.Store(&byID)
}

func (a *activeTariffs) senderOf(phoneNumberID string) (string, bool) {
	sender, ok := (*a.byID.Load())[phoneNumberID]
	return sender, ok
}

// phoneNumberIDs are the senders that a tariff registers by the carrier's id of their
// number. t may be nil.
func phoneNumberIDs(t *rating.Tariff) map[string]string {
	byID := map[string]string{}
	if t != nil {
		for _, row := range t.Rows.Senders {
			if row.PhoneNumberID != "" {
				byID[row.PhoneNumberID] = row.Sender
			}
		}
	}
	return byID
}
