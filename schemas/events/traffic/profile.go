package traffic

// Profile is the trade of a firm: what it sends, when, and to whom.
type Profile uint8

// The trades.
const (
	Retailer Profile = iota + 1 // orders, evening campaigns, care, advertisements
	Bank                        // codes at all hours, alerts
	Travel                      // bookings, seasonal campaigns, users everywhere
	Courier                     // parcels by day, calls
	Clinic                      // appointments, care
)

func (p Profile) String() string {
	return [...]string{"", "retailer", "bank", "travel", "courier", "clinic"}[p]
}

var hints = []struct {
	profile Profile
	words   []string
}{
	{Bank, []string{"bank", "pay", "credit", "finan", "insur"}},
	{Travel, []string{"travel", "reise", "airline", "hotel", "ticket", "flug"}},
	{Courier, []string{"courier", "parcel", "logisti", "cargo", "post", "telecom"}},
	{Clinic, []string{"clinic", "klinik", "health", "dental", "pharma", "botica"}},
	{Retailer, []string{"retail", "shop", "store", "market", "fashion", "mode", "home"}},
}

// trade is what there is to know of a profile.
type trade struct {
	size     float64 // messages, relative to a retailer
	domestic float64 // share of users at home
	weekend  float64 // business on a Saturday or Sunday, against a weekday
	shares   []share // of outbound messages, by activity
	confirm  []template
	progress []template
	campaign []template
	survey   []template
	code     []template
}

// share is one activity's part of a trade's messages.
type share struct {
	doing activity
	part  float64
	shape shape
}

// template is a message template; notification is its type under NBP.
type template struct{ name, category, notification string }

const (
	marketing      = "marketing"
	utility        = "utility"
	authentication = "authentication"
	service        = "service"
)

var trades = [...]trade{
	Retailer: {
		size: 1, domestic: .86, weekend: 1.15,
		shares: []share{
			{orders, .36, shopping},
			{campaigns, .31, blasts},
			{care, .21, waking},
			{clicks, .06, waking},
			{calls, .02, office},
			{borders, .004, atBorders},
			{consents, 0, waking},
		},
		confirm:  []template{{"order_confirmed", utility, "PAYMENT_UPDATE"}, {"order_received", utility, "ACCOUNT_UPDATE"}},
		progress: []template{{"order_shipped", utility, "SHIPPING_UPDATE"}, {"out_for_delivery", utility, "SHIPPING_UPDATE"}},
		campaign: []template{{"weekend_offer", marketing, "ALERT_UPDATE"}, {"new_collection", marketing, "ALERT_UPDATE"}, {"basket_reminder", marketing, "ALERT_UPDATE"}},
		survey:   []template{{"how_did_we_do", utility, "ISSUE_RESOLUTION"}},
		code:     []template{{"login_code", authentication, "ACCOUNT_UPDATE"}},
	},
	Bank: {
		size: 1.4, domestic: .93, weekend: .7,
		shares: []share{
			{codes, .52, always},
			{notices, .30, always},
			{care, .10, waking},
			{campaigns, .04, blasts},
			{calls, .03, office},
			{borders, .004, atBorders},
			{consents, 0, office},
		},
		confirm:  []template{{"payment_alert", utility, "PERSONAL_FINANCE_UPDATE"}, {"card_used", utility, "ALERT_UPDATE"}, {"statement_ready", utility, "ACCOUNT_UPDATE"}},
		progress: []template{{"transfer_completed", utility, "PERSONAL_FINANCE_UPDATE"}},
		campaign: []template{{"savings_rate", marketing, "PERSONAL_FINANCE_UPDATE"}},
		survey:   []template{{"case_closed", utility, "ISSUE_RESOLUTION"}},
		code:     []template{{"one_time_code", authentication, "ACCOUNT_UPDATE"}, {"payment_approval", authentication, "PAYMENT_UPDATE"}},
	},
	Travel: {
		size: .7, domestic: .55, weekend: .9,
		shares: []share{
			{orders, .40, shopping},
			{campaigns, .18, blasts},
			{care, .26, waking},
			{clicks, .07, waking},
			{calls, .04, office},
			{codes, .02, always},
			{borders, .004, atBorders},
			{consents, 0, waking},
		},
		confirm:  []template{{"booking_confirmed", utility, "RESERVATION_UPDATE"}, {"ticket_issued", utility, "TICKET_UPDATE"}},
		progress: []template{{"check_in_open", utility, "TRANSPORTATION_UPDATE"}, {"gate_changed", utility, "TRANSPORTATION_UPDATE"}},
		campaign: []template{{"late_summer_deals", marketing, "ALERT_UPDATE"}, {"winter_sun", marketing, "ALERT_UPDATE"}},
		survey:   []template{{"rate_your_trip", marketing, "ISSUE_RESOLUTION"}},
		code:     []template{{"booking_code", authentication, "RESERVATION_UPDATE"}},
	},
	Courier: {
		size: .9, domestic: .90, weekend: .5,
		shares: []share{
			{orders, .62, office},
			{notices, .14, office},
			{care, .14, waking},
			{calls, .06, office},
			{clicks, .02, waking},
			{borders, .004, atBorders},
			{consents, 0, office},
		},
		confirm:  []template{{"parcel_announced", utility, "SHIPPING_UPDATE"}},
		progress: []template{{"parcel_on_its_way", utility, "SHIPPING_UPDATE"}, {"parcel_delivered", utility, "SHIPPING_UPDATE"}},
		campaign: []template{{"send_cheaper", marketing, "ALERT_UPDATE"}},
		survey:   []template{{"rate_your_driver", utility, "ISSUE_RESOLUTION"}},
		code:     []template{{"locker_code", authentication, "SHIPPING_UPDATE"}},
	},
	Clinic: {
		size: .5, domestic: .96, weekend: .25,
		shares: []share{
			{notices, .52, office},
			{care, .30, office},
			{calls, .09, office},
			{codes, .03, office},
			{clicks, .03, waking},
			{campaigns, .02, blasts},
			{borders, .004, atBorders},
			{consents, 0, office},
		},
		confirm:  []template{{"appointment_reminder", utility, "APPOINTMENT_UPDATE"}, {"results_ready", utility, "ALERT_UPDATE"}},
		progress: []template{{"appointment_moved", utility, "APPOINTMENT_UPDATE"}},
		campaign: []template{{"flu_season", marketing, "ALERT_UPDATE"}},
		survey:   []template{{"how_was_your_visit", utility, "ISSUE_RESOLUTION"}},
		code:     []template{{"patient_login", authentication, "ACCOUNT_UPDATE"}},
	},
}
