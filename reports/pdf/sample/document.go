// Package sample makes documents and month data to test and measure the
// renderers with. The companies in it are made up, and amounts follow from the
// lines.
package sample

import (
	"fmt"
	"postage/rating"
	"postage/reports"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// October is the month of all samples.
var October = rating.Month{Year: 2026, Month: time.October}

// Tariff and Seal look like the hashes a run gives.
var (
	Tariff = "sha256:" + strings.Repeat("3fa94c01", 8)
	Seal   = strings.Repeat("b07c5d2e", 8)
)

var scales = map[string]int32{"JPY": 0, "GBP": 2, "EUR": 2, "KWD": 3}

// Dec reads a decimal constant.
func Dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

// Invoice is an invoice with n lines in a currency of 0 (JPY), 2 (GBP, EUR) or 3
// (KWD) minor digits.
func Invoice(currency string, n int) *reports.Document {
	d := &reports.Document{
		Type: reports.Invoice, Number: "INV-2026-000123", Month: October,
		IssuedOn: rating.Date{Year: 2026, Month: time.November, Day: 3},
		DueOn:    rating.Date{Year: 2026, Month: time.December, Day: 3},
		Seller: reports.Party{
			ID: "postage", Name: "Postage Messaging Ltd", Address: "1 Penny Black Lane, London EC1A 1AA",
			Country: "GB", VATNumber: "GB 123 4567 89", Email: "billing@postage.example",
		},
		Customer: reports.Party{
			ID: "acme", Name: "Acme Retail Services Limited", Address: "Accounts Payable, 42 Harbour Street, Bristol BS1 5TR",
			Country: "GB", VATNumber: "GB 987 6543 21",
		},
		Bank:           "Example Bank plc\nIBAN GB33 BUKB 2020 1555 5555 55\nBIC BUKBGB22",
		BuyerReference: "PO-77812",
		Currency:       currency, Scale: scales[currency],
		Tariff: Tariff, Seal: Seal,
		Counts: rating.Counts{
			Messages: 1_482_911, CareFree: 401_220, NoticeFree: 52_007, NoticeCharged: 1_009_518,
			NotDelivered: 19_874, Rejected: 212, Pending: 80,
		},
	}
	d.Lines = lines(n)
	Total(d, "20")
	return d
}

// CreditNote corrects Invoice("GBP", ...).
func CreditNote() *reports.Document {
	d := Invoice("GBP", 2)
	d.Type, d.Number, d.DueOn, d.Counts = reports.CreditNote, "CN-2026-000009", rating.Date{}, rating.Counts{}
	d.IssuedOn = rating.Date{Year: 2026, Month: time.November, Day: 20}
	d.Preceding = &reports.Preceding{Number: "INV-2026-000123", IssuedOn: rating.Date{Year: 2026, Month: time.November, Day: 3}}
	d.Reason = "Late delivery events moved 1,250 messages into the customer care window"
	return d
}

// DebitNote corrects the same invoice the other way.
func DebitNote() *reports.Document {
	d := CreditNote()
	d.Type, d.Number, d.Reason = reports.DebitNote, "DN-2026-000004", "Late delivery events added 310 messages"
	d.DueOn = rating.Date{Year: 2026, Month: time.December, Day: 20}
	return d
}

// Draft is an invoice that has no number yet, from the example tariff.
func Draft() *reports.Document {
	d := Invoice("GBP", 9)
	d.Number, d.IssuedOn, d.DueOn, d.Example = "", rating.Date{}, rating.Date{}, true
	return d
}

// ReverseCharge is an invoice to another country, without tax.
func ReverseCharge() *reports.Document {
	d := Invoice("EUR", 6)
	d.Customer = reports.Party{
		ID: "beispiel", Name: "Παράδειγμα Ελλάς Α.Ε. / Пример Холдинг", Address: "Οδός Ερμού 12\n105 63 Αθήνα",
		Country: "GR", VATNumber: "EL 123456789", TaxID: "094014201",
	}
	Total(d, "0")
	d.Taxes[0].Treatment = "AE"
	d.Taxes[0].Note = "Reverse charge: VAT is to be accounted for by the recipient, Article 196 of Council Directive 2006/112/EC."
	d.AccountingTax = &reports.AccountingTax{
		Currency: "GBP", Rate: Dec("0.84325"), RateOn: October.Last(), Source: "ECB", Net: d.Net.Mul(Dec("0.84325")).Round(2),
	}
	return d
}

// Names are companies and addresses in each script that documents are set in.
var Names = []struct{ Script, Name, Address, Service string }{
	{"latin", "Łódzkie Zakłady Müller & Søn, s.r.o. Ďábelský Žižkov", "Ulica Świętego Józefa 7, 90-001 Łódź", "Wdrożenie usługi, część 2 (İstanbul, Đà Nẵng)"},
	{"greek", "Παράδειγμα Ελλάς Ανώνυμη Εταιρεία (ΑΕ)", "Οδός Ερμού 12, 105 63 Αθήνα", "Υπηρεσία ειδοποιήσεων 24/7: ΐΰ ώ"},
	{"cyrillic", "ТОВ «Їжачок і Ґанок» / ООО «Пример-Холдинг»", "вулиця Хрещатик 22, Київ 01001", "Настройка 3 номеров, №5 (ћирилица, Ђорђе)"},
	{"arabic", "شركة الأمثلة للرسائل 365 (ش.م.م.) Acme FZ-LLC", "شارع الملك فهد 1234، الطابق 7\nالرياض 11564", "رسوم إعداد لعدد 12 رقمًا، خصم 5% (VIP)"},
	{"persian", "شرکت نمونه\u200cهای پیام\u200cرسانی گلچین", "خیابان ولی\u200cعصر ۱۲۳، تهران", "هزینهٔ ماهانه ۴۵ پیام"},
	{"hebrew", "דוגמה בע\"מ (Dugma Ltd) 2026", "רחוב הרצל 15, תל אביב-יפו", "שירות 24/7 עבור 3 מספרים"},
	{"devanagari", "श्री उदाहरण संदेश प्राइवेट लिमिटेड (क्षत्रिय ज्ञान)", "१२, महात्मा गाँधी मार्ग\nमुंबई ४००००१", "सेटअप शुल्क, द्वितीय किस्त 3 नंबर: कर्त्ता, राष्ट्रीय"},
	{"chinese", "示例消息服务（上海）有限公司", "中国上海市浦东新区世纪大道100号环球金融中心88楼\n邮编200120", "通知服务设置费用，包括12个号码以及模板审核。上海市浦东新区世纪大道一百号环球金融中心"},
	{"japanese", "株式会社サンプルメッセージング（東京）", "東京都千代田区丸の内１丁目２番３号", "初期設定費用・電話番号3件「プレミアム」ー追加サービス、及び鷗外記念"},
	{"korean", "주식회사 예시메시징 서울지점", "서울특별시 중구 세종대로 110", "알림 서비스 설정 비용, 번호 3개 (부가세 별도)"},
	{"thai", "บริษัท ตัวอย่างข้อความ จำกัด", "กรุงเทพมหานคร 10110", "ค่าบริการติดตั้ง 3 หมายเลข"},
}

// Scripts is an invoice to the i-th of Names, who has bought a service of each of
// them.
func Scripts(i int) *reports.Document {
	d := Invoice("EUR", 3)
	d.Customer.Name, d.Customer.Address = Names[i].Name, Names[i].Address
	d.Seller.Name = Names[(i+3)%len(Names)].Name
	for _, n := range Names {
		d.Lines = append(d.Lines, reports.DocumentLine{
			Kind: rating.AdjustmentLine, Description: n.Service, Unit: "units", Quantity: 3, UnitPrice: Dec("12.5"),
		})
	}
	Total(d, "20")
	return d
}

// Hostile is an invoice whose texts try to break what prints them.
func Hostile() *reports.Document {
	d := Invoice("GBP", 4)
	d.Customer.Name = `=HYPERLINK("http://evil.example","pay here")`
	d.Customer.Address = "+44 <b>bold</b> & co\n@SUM(A1:A9)\n-2+3\x00\x07\x1b[31m\n" + strings.Repeat("Llanfairpwllgwyngyll", 12)
	d.Seller.Name = strings.Repeat("Very Long Trading Name of Holdings ", 14) + "Ltd"
	d.BuyerReference = "\u202Egnp.exe\u202C \xff\xfe (unbalanced \\ )) <<>>"
	d.Lines[0].Description = "שלום مرحبا नमस्ते 你好 👩‍👩‍👧 \U0001F4A9 " + strings.Repeat("W", 300)
	d.Lines[1].Description = "=1+1"
	d.Lines[2].UnitPrice = Dec("0.000000000000123456")
	d.Lines[3].Quantity, d.Lines[3].UnitPrice = 9_223_372_036_854_775_807, Dec("0.1234567890")
	Total(d, "20")
	return d
}

// lines makes n lines: fees, then tiers of usage.
func lines(n int) (out []reports.DocumentLine) {
	fixed := []reports.DocumentLine{
		{Kind: rating.MonthlyFeeLine, Description: "Monthly fee, package Growth", Unit: "month", Quantity: 1, UnitPrice: Dec("49")},
		{Kind: rating.SenderFeeLine, Description: "Sender fee, +44 20 7946 0000", Unit: "month", Quantity: 1, UnitPrice: Dec("5.5"), PriceRow: "packages.csv:3"},
	}
	markets := []string{"United Kingdom", "India", "Germany", "Brazil", "Rest of Africa", "United Arab Emirates"}
	categories := []string{"utility", "marketing", "authentication"}
	prices := []string{"0.0221", "0.00452871", "0.0382", "0.00812", "0.031", "0.0157"}
	for i := range n {
		if i < len(fixed) {
			out = append(out, fixed[i])
			continue
		}
		k := i - len(fixed)
		market, category := markets[k%6], categories[k/6%3]
		out = append(out, reports.DocumentLine{
			Kind: rating.UsageLine, Regime: "PMP1", Tier: k/18 + 1,
			Description: fmt.Sprintf("%s notifications to %s, tier %d", strings.ToUpper(category[:1])+category[1:], market, k/18+1),
			Market:      market, Category: category, Unit: "messages",
			Quantity: int64(1+k*k)*7919%250_000 + 17, UnitPrice: Dec(prices[k%6]), PriceRow: fmt.Sprintf("prices.csv:%d", k+2),
		})
	}
	return out
}

// Total fills the amounts of a document from quantities and unit prices.
func Total(d *reports.Document, taxPercent string) {
	d.Net, d.ExactNet = decimal.Zero, decimal.Zero
	for i := range d.Lines {
		l := &d.Lines[i]
		l.Exact = l.UnitPrice.Mul(decimal.NewFromInt(l.Quantity))
		l.Billed = l.Exact.Round(d.Scale)
		d.Net, d.ExactNet = d.Net.Add(l.Billed), d.ExactNet.Add(l.Exact)
	}
	rate := Dec(taxPercent)
	d.Tax = d.Net.Mul(rate).Div(Dec("100")).Round(d.Scale)
	d.Taxes = []reports.TaxTotal{{Treatment: "S", RatePercent: rate, Base: d.Net, Tax: d.Tax}}
	d.Gross = d.Net.Add(d.Tax)
}
