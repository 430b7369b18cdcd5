package rating_test

import (
	"postage/rating"
	"time"

	"github.com/shopspring/decimal"
)

// extras are the files a tariff may lack.
func (w *world) extras() {
	for n := -4; n <= 5; n++ {
		m := w.edge.AddDays(n * 20)
		last := lastDay(rating.Month{Year: m.Year, Month: m.Month})
		for _, on := range []rating.Date{last, last.AddDays(-1), last.AddDays(1)} {
			dup := false
			for _, r := range w.rows.FX {
				dup = dup || r.On == on
			}
			if !dup {
				w.rows.FX = append(w.rows.FX, rating.FXRow{Row: w.row("fx.csv"), On: on, From: "GBP", To: "EUR", Rate: decimal.New(int64(10000+w.r.IntN(9999)), -4)})
			}
		}
	}
	if chance(w.r, 25) {
		for _, account := range []string{"acme", "*"} {
			for range w.r.IntN(3) {
				from, dup := w.near(), false
				for _, r := range w.rows.Regimes {
					dup = dup || r.Account == account && r.ValidFrom == from
				}
				if !dup {
					w.rows.Regimes = append(w.rows.Regimes, rating.RegimeRow{Row: w.row("regimes.csv"), Account: account, ValidFrom: from, Regime: rating.Regime(1 + w.r.IntN(6))})
				}
			}
		}
	}
	if chance(w.r, 70) {
		value := w.near().String()
		if chance(w.r, 30) {
			value = (w.at + pick(w.r, -1, 0, 1, 5*hour)).Time().Format(time.RFC3339)
		}
		w.rows.Settings = append(w.rows.Settings, rating.SettingRow{Row: w.row("settings.csv"), Account: pick(w.r, "acme", "beta", "*"), Setting: "auth_international_from", Value: value, ValidFrom: dawn})
	}
	w.openings()
}

func (w *world) openings() {
	before := w.edge.AddDays(-1)
	for _, m := range []rating.Month{{Year: w.edge.Year, Month: w.edge.Month}, {Year: before.Year, Month: before.Month}} {
		if len(w.rows.Openings) > 0 && w.rows.Openings[0].Month == m {
			continue
		}
		for _, s := range w.rows.Senders {
			dup := false
			for _, r := range w.rows.Openings {
				dup = dup || r.Sender == s.Sender && r.Month == m
			}
			moved := !s.ValidFrom.IsZero() && s.WABA == "" && narrow["opening free tier of a moved sender without a waba"]
			if !dup && !moved && s.Account != "nobody" {
				w.rows.Openings = append(w.rows.Openings, rating.OpeningRow{
					Row: w.row("opening.csv"), Account: s.Account, Sender: s.Sender, Month: m, Counter: "free_tier", Count: pick(w.r, int64(994), 997, 998, 999, 330, 1000),
				})
			}
		}
		for _, account := range []string{"acme", "beta"} {
			if chance(w.r, 30) {
				w.rows.Openings = append(w.rows.Openings, rating.OpeningRow{Row: w.row("opening.csv"), Account: account, Month: m, Counter: "allowance", Count: 1})
			}
			if chance(w.r, 50) {
				w.rows.Openings = append(w.rows.Openings, rating.OpeningRow{
					Row: w.row("opening.csv"), Account: account, Month: m, Counter: "volume",
					Market:   pick(w.r, "United Kingdom", "India", "Rest of Asia"),
					Category: pick(w.r, "marketing", "utility", "notification", "authentication", "service"), Count: int64(1 + w.r.IntN(4)),
				})
			}
		}
	}
}
