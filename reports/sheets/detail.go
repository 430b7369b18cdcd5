package sheets

import (
	"fmt"
	"iter"
	"postage/rating"

	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"
)

// detailPart is one of the sheets that hold the charged messages.
type detailPart struct {
	block
}

// tally is what the detail adds up to for one account and currency.
type tally struct {
	messages int64
	exact    decimal.Decimal
}

// rowLimit is how many rows a sheet holds; a test lowers it.
var rowLimit = excelize.TotalRows

var detailColumns = []column{
	{"Message", 44, false},
	{"Account", 16, false},
	{"Sender", 16, false},
	{"User", 16, false},
	{"Sent (UTC)", 19, false},
	{"Delivered (UTC)", 19, false},
	{"Class", 12, false},
	{"Reason", 28, false},
	{"Regime", 8, false},
	{"Category", 18, false},
	{"Market", 20, false},
	{"Tier", 6, true},
	{"Unit price", 14, true},
	{"Price row", 16, false},
	{"Currency", 9, false},
	{"Exact as text", 22, false},
}

// rated is what every message of one price row shares, made once.
type rated struct {
	price, currency, row, exact []byte // cells
	account                     string
	messages                    int64
}

type ratedKey struct {
	account string
	rate    *rating.Rate
}

// detail streams the charged messages, over as many sheets as they need. No
// arithmetic is done for a message: rows are counted by price row, and the totals follow.
func (m *month) detail(messages iter.Seq2[*rating.Message, error]) error {
	d := &detailWriter{month: m, seen: map[ratedKey]*rated{}, totals: map[group]tally{}}
	d.begin()
	for msg, err := range messages {
		if err != nil {
			return err
		}
		if msg.Outcome == rating.Charged && msg.Rate != nil {
			d.add(msg)
		}
		if m.err != nil {
			return m.err
		}
	}
	d.end()
	d.fold()
	m.tallies = d.totals
	return nil
}

type detailWriter struct {
	*month
	sheet  *sheet
	seen   map[ratedKey]*rated
	totals map[group]tally
	words  int // styles
	indent int // of text beside figures
	time   int
	tier   int
}

func (d *detailWriter) begin() {
	name := "Detail"
	if n := len(d.parts); n > 0 {
		name = fmt.Sprintf("Detail %d", n+1)
	}
	d.sheet = d.month.begin(name, "Charged messages, one a row. Amounts are rounded on the line, not here.", detailColumns)
	d.parts = append(d.parts, detailPart{block{sheet: name, first: firstRow, twins: d.lines.twins}})
	d.words, d.time, d.tier = d.style(plain), d.style(look{format: timeFormat, align: "left"}), d.style(look{})
}

func (d *detailWriter) end() {
	if d.sheet.row < firstRow {
		d.sheet.put(text("No charged messages.").with(quiet))
	}
	d.parts[len(d.parts)-1].last = d.sheet.row
	d.sheet.filter(d.sheet.row)
	d.sheet.close()
}

func (d *detailWriter) add(msg *rating.Message) {
	if d.sheet.row >= rowLimit {
		d.end()
		d.begin()
	}
	r := d.rated(msg)
	r.messages++
	w := &d.sheet.rows
	d.sheet.row++
	w.begin(d.sheet.row, 0)
	w.text(d.words, msg.MessageID)
	w.text(d.words, r.account)
	w.text(d.words, msg.Sender)
	w.text(d.words, msg.User)
	d.at(msg.SentAt)
	d.at(msg.DeliveredAt)
	w.text(d.words, msg.Class.String())
	w.text(d.words, msg.Reason.String())
	w.text(d.words, msg.Regime.String())
	w.text(d.words, msg.Category)
	w.text(d.words, msg.Market)
	w.integer(d.tier, int64(msg.Tier))
	w.ready(r.price)
	w.ready(r.row)
	w.ready(r.currency)
	w.ready(r.exact)
	w.end()
	d.note(w.pack.err)
}

func (d *detailWriter) at(i rating.Instant) {
	if i == 0 {
		d.sheet.rows.skip()
		return
	}
	d.sheet.rows.instant(d.time, instant(i))
}

// maxShared bounds what is remembered between rows.
const maxShared = 4096

func (d *detailWriter) rated(msg *rating.Message) *rated {
	k := ratedKey{msg.Account, msg.Rate}
	r, ok := d.seen[k]
	if !ok {
		if len(d.seen) >= maxShared {
			d.fold()
		}
		r = &rated{
			account: key(msg.Account), price: d.ready(amount(msg.Rate.UnitPrice, price)), currency: d.ready(text(msg.Rate.Currency)),
			row: d.ready(text(msg.Rate.PriceRow).with(look{indent: 1})), exact: d.ready(exact("unit price", msg.Rate.UnitPrice)),
		}
		d.seen[k] = r
	}
	return r
}

// fold adds what was counted by price row to the totals.
func (d *detailWriter) fold() {
	for k, r := range d.seen {
		g := group{r.account, k.rate.Currency}
		t := d.totals[g]
		t.messages += r.messages
		t.exact = t.exact.Add(k.rate.UnitPrice.Mul(decimal.NewFromInt(r.messages)))
		d.totals[g] = t
	}
	clear(d.seen)
}
