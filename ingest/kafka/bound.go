package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"postage/ingest"
	"sync/atomic"

	"github.com/segmentio/kafka-go/compress"
)

// DefaultBatchBytesMax bounds a compressed batch of records once it is unpacked. What
// producers make is far smaller, but for single records of MaxRecordBytes.
const DefaultBatchBytesMax = 4 * MaxRecordBytes

// batchBytesMax is the bound in force: that of the process, as kafka-go's table of codecs is.
var batchBytesMax atomic.Int64

// BoundBatches sets how many bytes a compressed batch of records may unpack to, for all
// that this process reads. It is not read at all when it has more: see fetchOnce.
func BoundBatches(bytes int64) { batchBytesMax.Store(bytes) }

// kafka-go unpacks a batch as a whole, before anybody sees how large it is: a few kilobytes
// may be gigabytes. So its codecs are replaced by ones that stop.
func init() {
	BoundBatches(DefaultBatchBytesMax)
	for i, codec := range compress.Codecs {
		if codec != nil {
			compress.Codecs[i] = boundedCodec{codec}
		}
	}
}

// errBatchTooLarge is what reading such a batch ends with.
var errBatchTooLarge = errors.New("a compressed batch of records unpacks to more than may be read")

type boundedCodec struct{ compress.Codec }

func (c boundedCodec) NewReader(r io.Reader) io.ReadCloser {
	return &boundedReader{c.Codec.NewReader(r), batchBytesMax.Load()}
}

type boundedReader struct {
	io.ReadCloser
	left int64 // bytes
}

func (r *boundedReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if r.left -= int64(n); r.left < 0 {
		return 0, errBatchTooLarge
	}
	return n, err
}

// fetchEach reads partitions one by one, after one of them had a batch that is too large. What
// lies before it, and in the other partitions, is read; nothing is stepped over.
func (n *generation) fetchEach(ctx context.Context, led []*position) (messages []ingest.Message, err error) {
	if len(led) == 1 {
		p := led[0].partition
		return nil, fmt.Errorf("topic %s, partition %d, offset %d: %w, %d MiB: start with a higher --batch-unpacked-mib if the producer means it: %w",
			p.Topic, p.ID, led[0].next, errBatchTooLarge, batchBytesMax.Load()>>20, ingest.ErrHopeless)
	}
	var errs []error
	for _, p := range led {
		more, err := n.fetchOnce(ctx, []*position{p}, 0)
		messages, errs = append(messages, more...), append(errs, err)
	}
	return messages, errors.Join(errs...)
}
