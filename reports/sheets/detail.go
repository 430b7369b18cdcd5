package sheets

import (
	"fmt"
	"iter"
	"maps"
	"postage/rating"
	"slices"

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

// rated is what all messages of one account, type and price row share, made once.
type rated struct {
	account                     string
	price, currency, row, exact []byte // cells
	messages                    int64
}

type ratedKey struct {
	account, category string
	class             rating.Class
	rate              *rating.Rate
}

// rateKey is a price row as applied: a package may mark up its price.
type rateKey struct {
	row, list, price, currency string
	from                       int64
}

// detail streams the charged messages, over as many sheets as they need. No
// arithmetic is done for a message: rows are counted by price row, and the totals follow.
func (m *month) detail(messages iter.Seq2[*rating.Message, error]) error {
	m.tallies, m.types, m.rates = map[group]tally{}, map[group]tally{}, map[rateKey]tally{}
	d := &detailWriter{month: m, seen: map[ratedKey]*rated{}, words: map[string]bool{}}
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
	d.readable()
	return nil
}

type detailWriter struct {
	*month
	sheet *sheet
	seen  map[ratedKey]*rated
	words map[string]bool // keys that formulas compare

	text, number, time int // styles
}

func (d *detailWriter) begin() {
	name := "Detail"
	if n := len(d.parts); n > 0 {
		name = fmt.Sprintf("Detail %d", n+1)
	}
	d.sheet = d.month.begin(name, "Charged messages, one a row. Amounts are rounded on the line, not here.", detailColumns)
	d.parts = append(d.parts, detailPart{block{sheet: name, first: firstRow}})
	d.text, d.number, d.time = d.style(plain), d.style(count), d.style(look{format: timeFormat, align: "left"})
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
	w.text(d.text, msg.MessageID)
	w.text(d.text, r.account)
	w.text(d.text, msg.Sender)
	w.text(d.text, msg.User)
	d.at(msg.SentAt)
	d.at(msg.DeliveredAt)
	w.text(d.text, msg.Class.String())
	w.text(d.text, msg.Reason.String())
	w.text(d.text, msg.Regime.String())
	w.text(d.text, key(msg.Category))
	w.text(d.text, key(msg.Market))
	w.integer(d.number, int64(msg.Tier))
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
	k := ratedKey{msg.Account, msg.Category, msg.Class, msg.Rate}
	r, ok := d.seen[k]
	if !ok {
		if len(d.seen) >= maxShared {
			d.fold()
		}
		r = &rated{
			account: key(msg.Account), price: d.ready(amount(msg.Rate.UnitPrice, price)), currency: d.ready(text(msg.Rate.Currency)),
			row: d.ready(text(key(msg.Rate.PriceRow)).with(look{indent: 1})), exact: d.ready(exact("unit price", msg.Rate.UnitPrice)),
		}
		d.seen[k] = r
	}
	return r
}

// fold adds what was counted by price row to the totals.
func (d *detailWriter) fold() {
	for k, r := range d.seen {
		category := key(k.category)
		t := tally{r.messages, k.rate.UnitPrice.Mul(decimal.NewFromInt(r.messages))}
		add(d.tallies, group{r.account, k.rate.Currency}, t)
		if k.class == rating.Notification {
			add(d.types, group{category, k.rate.Currency}, t)
		}
		add(d.rates, rateKey{key(k.rate.PriceRow), k.rate.PriceList, k.rate.UnitPrice.String(), k.rate.Currency, k.rate.FromVolume}, t)
		d.words[r.account], d.words[category], d.words[key(k.rate.PriceRow)] = true, true, true
	}
	clear(d.seen)
}

func add[K comparable](totals map[K]tally, k K, t tally) {
	sum := totals[k]
	totals[k] = tally{sum.messages + t.messages, sum.exact.Add(t.exact)}
}

// readable tells the formulas over the detail which of its keys spreadsheets
// take for each other.
func (d *detailWriter) readable() {
	twins := twins(slices.Collect(maps.Keys(d.words)))
	for i := range d.parts {
		d.parts[i].twins = twins
	}
}
