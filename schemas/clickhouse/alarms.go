package clickhouse

import (
	"context"
	"fmt"
	"postage/reports"
)

// Alarms implements reports.RunStore.
func (s *Store) Alarms(ctx context.Context, runID string) ([]reports.Alarm, error) {
	rows, err := s.query(ctx, "alarms", named{"run": runID})
	if err != nil {
		return nil, err
	}
	var alarms []reports.Alarm
	err = each(rows, func() error {
		var a reports.Alarm
		if err := rows.Scan(&a.Account, &a.Flag, &a.Messages); err != nil {
			return err
		}
		alarms = append(alarms, a)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("alarms of run %s: %w", runID, err)
	}
	return alarms, nil
}
