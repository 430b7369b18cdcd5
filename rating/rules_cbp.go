package rating

// cbp1 is conversation-based pricing, February 2022 to May 2023: the first
// delivery opens a session of 24 hours that covers every later message; it is
// user-initiated inside the care window and business-initiated outside.
type cbp1 struct{}

func (cbp1) judge(c *conversation, f *facts) {
	if freeByEntryPoint(c, f) {
		return
	}
	if s, ok := c.openSession(f.DeliveredAt, func(session) bool { return true }); ok {
		f.Category = s.category
		f.free(InOpenConversation)
		return
	}
	f.Category = businessInitiated
	if f.inWindow {
		f.Category = userInitiated
	}
	c.open(f.Category, f)
	f.charge(OpensConversation)
}

// cbp2 is conversation-based pricing per category, June 2023 to June 2025: a
// template opens a session of its own category even inside the care window;
// free-form opens a service session only when nothing at all is open. From
// November 2024 (CBP3) service sessions are free.
type cbp2 struct{ serviceFree bool }

func (r cbp2) judge(c *conversation, f *facts) {
	if freeByEntryPoint(c, f) {
		return
	}
	covers := func(s session) bool { return s.regime != CBP1 && s.category == f.Category }
	if f.freeform {
		covers = func(session) bool { return true } // also a session opened under CBP1
	}
	if _, ok := c.openSession(f.DeliveredAt, covers); ok {
		f.free(InOpenConversation)
		return
	}
	c.open(f.Category, f)
	if r.serviceFree && f.Category == service {
		f.free(FreeServiceConversation)
		return
	}
	f.charge(OpensConversation)
}
