package ingest

import (
	"fmt"
	"strconv"
	"strings"
)

// String prints an origin as people name it: topic/partition/offset/item.
func (o Origin) String() string {
	return o.Record() + "/" + strconv.Itoa(int(o.Index))
}

// Record names the record of an origin: topic/partition/offset.
func (o Origin) Record() string {
	return fmt.Sprintf("%s/%d/%d", o.Topic, o.Partition, o.Offset)
}

// ParseOrigin reads topic/partition/offset/item, or topic/partition/offset for a
// whole record; whole says which. Neither Kafka's topics nor ours have a slash.
func ParseOrigin(s string) (o Origin, whole bool, err error) {
	parts := strings.Split(s, "/")
	whole = len(parts) == 3
	if whole {
		parts = append(parts, "0")
	}
	if len(parts) != 4 || parts[0] == "" {
		return Origin{}, false, fmt.Errorf("origin %q: want topic/partition/offset/item or topic/partition/offset", s)
	}
	partition, err1 := strconv.ParseUint(parts[1], 10, 31)
	offset, err2 := strconv.ParseUint(parts[2], 10, 63)
	item, err3 := strconv.ParseUint(parts[3], 10, 31)
	if err1 != nil || err2 != nil || err3 != nil {
		return Origin{}, false, fmt.Errorf("origin %q: want topic/partition/offset/item or topic/partition/offset, as numbers behind the topic", s)
	}
	return Origin{parts[0], int32(partition), int64(offset), int32(item)}, whole, nil
}

// Replay says that a refused record was sent through the front door again. The
// indexes mean nothing: a record is replayed with all its items.
type Replay struct {
	Of, To Origin
	Edited bool // the value was another than the refused one
}
