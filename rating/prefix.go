package rating

// prefixes keeps values by dialling prefix, digit by digit.
type prefixes[V any] struct{ nodes []prefixNode[V] }

type prefixNode[V any] struct {
	next   [10]int32 // by digit, 0 is none: nothing leads back to the root
	value  V
	filled bool
}

// at returns the place of a prefix, or nil for one that no number can have.
func (p *prefixes[V]) at(prefix string) *V {
	if len(p.nodes) == 0 {
		p.nodes = make([]prefixNode[V], 1)
	}
	node := int32(0)
	for i := range len(prefix) {
		digit := prefix[i] - '0'
		if digit > 9 {
			return nil
		}
		next := p.nodes[node].next[digit]
		if next == 0 {
			next = int32(len(p.nodes))
			p.nodes = append(p.nodes, prefixNode[V]{})
			p.nodes[node].next[digit] = next
		}
		node = next
	}
	p.nodes[node].filled = true
	return &p.nodes[node].value
}

// of calls visit for every prefix of a number that has a place, shortest first.
func (p *prefixes[V]) of(digits string, visit func(*V)) {
	if len(p.nodes) == 0 {
		return
	}
	node := int32(0)
	for i := range len(digits) {
		digit := digits[i] - '0'
		if digit > 9 {
			return
		}
		if node = p.nodes[node].next[digit]; node == 0 {
			return
		}
		if n := &p.nodes[node]; n.filled {
			visit(&n.value)
		}
	}
}
