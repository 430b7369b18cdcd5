package tariff

import (
	"fmt"
	"postage/rating"
)

// Check finds what is wrong with a tariff as a whole: references to nothing,
// the same thing said twice, periods that overlap or are missing, tiers that do
// not begin at 1, currencies that nothing converts, prices that a markup makes
// finer than can be kept. Rows are taken to be readable one by one, as Read
// leaves them. Faults are sorted by file and line; a sound tariff has none.
func Check(rows *rating.TariffRows) []rating.Fault {
	found := check(rows, nil)
	sortFaults(found)
	return found
}

// check leaves out what cannot be judged because a file in broken is not
// completely known.
func check(rows *rating.TariffRows, broken map[string]bool) []rating.Fault {
	c := &checker{rows: rows, broken: broken}
	c.references()
	c.openings()
	c.periods()
	c.coverage()
	c.repetitions()
	c.rates()
	c.precision()
	c.conversions()
	c.treatments()
	return c.faults
}

type checker struct {
	rows   *rating.TariffRows
	broken map[string]bool
	faults []rating.Fault
}

func (c *checker) fault(at rating.Row, column, value, problem, fix string) {
	c.faults = append(c.faults, rating.Fault{Row: at, Column: column, Value: value, Problem: problem, Fix: fix})
}

// names are the names a file defines, in order, each once.
type names struct {
	file  string
	known map[string]bool
	order []string
	all   bool // some line could not be read: nothing is known to be missing
}

func (c *checker) namesOf(file string) *names {
	return &names{file: file, known: map[string]bool{}, all: c.broken[file]}
}

func (n *names) add(name string) {
	if name == "" {
		n.all = true
	} else if !n.known[name] {
		n.known[name] = true
		n.order = append(n.order, name)
	}
}

// refer reports a name that its file does not define. Empty refers to nothing.
func (c *checker) refer(at rating.Row, column, value string, to *names) {
	if value == "" || to.all || to.known[value] {
		return
	}
	otherwise := "add it there, or write one of " + list(to.order)
	if len(to.order) == 0 {
		otherwise = "add it there"
	}
	c.fault(at, column, value, "not in "+to.file, suggest(value, to.order, otherwise))
}

// once reports a key that an earlier line has too.
type once[K comparable] map[K]rating.Row

func (o once[K]) see(c *checker, key K, at rating.Row, column, value, fix string) {
	if first, ok := o[key]; ok {
		c.fault(at, column, value, fmt.Sprintf("the same as line %d", first.Line), fix)
		return
	}
	o[key] = at
}
