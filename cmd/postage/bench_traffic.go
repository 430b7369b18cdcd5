package main

import (
	"fmt"
	"math/rand/v2"
	"postage/rating"
	"strconv"
	"time"

	"github.com/shopspring/decimal"
)

// benchTraffic makes the events of `postage bench rating`: conversations of ten
// messages, three events each, spread over the accounts, the markets and a month.
// Every fifth message answers a customer who has just written.
type benchTraffic struct {
	rnd     *rand.Rand
	senders []string // one for each account
	largest int      // percentage of the conversations that the first account has, 0 for no more than others
	first   rating.Instant
	span    int64

	state  []benchTalk
	open   []uint32 // those of which events are still to come
	events []rating.Event
	text   []byte
	words  []benchWords
}

// benchTalk is a conversation: when it begins and how far it is.
type benchTalk struct {
	start   rating.Instant
	message uint8
	step    uint8
}

// benchWords says where the user and the message id of an event end in the text;
// they begin where those of the event before it end.
type benchWords struct{ user, id int }

func newBenchTraffic(m rating.Month, accounts, conversations int) *benchTraffic {
	t := &benchTraffic{
		rnd: rand.New(rand.NewPCG(1, 2)), senders: benchSenders(accounts), first: m.First().Midnight(time.UTC), span: int64(m.Days()-2) * int64(rating.Day),
		state: make([]benchTalk, conversations), open: make([]uint32, conversations),
	}
	for i := range t.state {
		t.state[i].start = t.first + rating.Instant(t.rnd.Int64N(t.span))
		t.open[i] = uint32(i)
	}
	return t
}

// account is whose conversation it is.
func (t *benchTraffic) account(conversation int) int {
	if conversation*2_654_435_761>>8%100 < t.largest {
		return 0
	}
	return conversation % len(t.senders)
}

// talks returns the conversations of each account, one after another, as a log is
// read back. Every event has strings of its own, as a decoder leaves them.
func (t *benchTraffic) talks() [][][]rating.Event {
	accounts := make([][][]rating.Event, len(t.senders))
	for i := range t.state {
		t.begin()
		for t.next(i) {
		}
		account := t.account(i)
		accounts[account] = append(accounts[account], append([]rating.Event(nil), t.finish()...))
	}
	return accounts
}

// arrive returns some events, each of a conversation drawn at random among those
// that are not over; none when all are. They are valid until the next call.
func (t *benchTraffic) arrive() []rating.Event {
	const some = 1024
	t.begin()
	for len(t.events) < some && len(t.open) > 0 {
		at := t.rnd.IntN(len(t.open))
		if !t.next(int(t.open[at])) {
			last := len(t.open) - 1
			t.open[at] = t.open[last]
			t.open = t.open[:last]
		}
	}
	return t.finish()
}

func (t *benchTraffic) begin() { t.events, t.text, t.words = t.events[:0], t.text[:0], t.words[:0] }

// The steps of a message.
var benchSteps = [...]struct {
	event rating.EventType
	after rating.Instant
}{{rating.Received, -60_000}, {rating.Sent, 0}, {rating.Delivered, 2000}, {rating.Read, 90_000}}

// next makes the next event of a conversation; more says whether others follow.
func (t *benchTraffic) next(i int) (more bool) {
	categories := [...]string{"marketing", "utility", "authentication", "utility"}
	talk := &t.state[i]
	n := int(talk.message)
	answer := n%5 == 3
	if talk.step == 0 && !answer {
		talk.step++
	}
	step := benchSteps[talk.step]
	const every = 150 * 60_000 // a message every 150 minutes or so
	at := talk.start + rating.Instant(n)*every + rating.Instant(uint32(i*31+n*7919)%(every/2))
	e := rating.Event{Type: step.event, At: at + step.after, Sender: t.senders[t.account(i)], Kind: rating.Freeform}
	if !answer {
		e.Kind, e.Category, e.Template = rating.Template, categories[n%len(categories)], "order_shipped"
	}
	t.text = strconv.AppendInt(append(t.text, '+'), int64(100+i%benchMarkets)*1_000_000_000+int64(i), 10)
	user := len(t.text)
	t.text = append(t.text, "wamid.HBgLMTY0NjcwNDM1OTUVAgARGBI"...)
	t.text = strconv.AppendUint(t.text, uint64(1<<60+i<<8+n), 16)
	if step.event == rating.Received {
		t.text = append(t.text, 'R')
	}
	t.events = append(t.events, e)
	t.words = append(t.words, benchWords{user, len(t.text)})
	if talk.step++; int(talk.step) == len(benchSteps) {
		talk.message, talk.step = talk.message+1, 0
	}
	return talk.message < benchMessages
}

// finish gives the events their users and message ids.
func (t *benchTraffic) finish() []rating.Event {
	text, from := string(t.text), 0
	for i, w := range t.words {
		t.events[i].User, t.events[i].MessageID = text[from:w.user], text[w.user:w.id]
		from = w.id
	}
	return t.events
}

// benchSenders are numbers for so many accounts.
func benchSenders(accounts int) []string {
	numbers := make([]string, accounts)
	for i := range numbers {
		numbers[i] = fmt.Sprintf("+4420%08d", 79460000+i)
	}
	return numbers
}

// benchTariff has all accounts on a list of 47 markets in 6 tiers.
func benchTariff(accounts int) *rating.TariffRows {
	since := rating.Date{Year: 2018, Month: time.January, Day: 1}
	rows := &rating.TariffRows{
		Version:  "sha256:bench",
		Packages: []rating.PackageRow{{Package: "p", ValidFrom: since, Currency: "USD", PriceList: "l"}},
	}
	for i, sender := range benchSenders(accounts) {
		account := fmt.Sprintf("account %02d", i)
		rows.Accounts = append(rows.Accounts, rating.AccountRow{Account: account, Country: "GB", Timezone: "Europe/London", Currency: "USD", Package: "p", ValidFrom: since})
		rows.Senders = append(rows.Senders, rating.SenderRow{Sender: sender, Account: account, WABA: account})
	}
	for i := range benchMarkets {
		market := fmt.Sprintf("Market %02d", i)
		rows.Markets = append(rows.Markets, rating.MarketRow{Market: market, Prefix: fmt.Sprint(100 + i), ValidFrom: since})
		for tier, from := range [...]int64{1, 11, 26, 51, 76, 101} {
			rows.Prices = append(rows.Prices, rating.PriceRow{
				PriceList: "l", ValidFrom: since, Currency: "USD", Origin: "*", Market: market, Category: "*",
				FromVolume: from, UnitPrice: decimal.New(int64(1000+i*10-tier*20), -4),
			})
		}
	}
	return rows
}
