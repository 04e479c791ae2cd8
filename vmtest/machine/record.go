// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/loadstone-bpf/loadstone/vmtest/guest/wire"
)

// Errors about records, wrapped by what [VM.Next] returns. They are one guest's
// faults and not the end of its records.
var (
	ErrRecordTooLarge  = wire.ErrRecordTooLarge
	ErrRecordGarbage   = wire.ErrRecordGarbage
	ErrRecordTruncated = wire.ErrRecordTruncated

	// ErrRecordsFull: the guest wrote more than [MaxRecords] bytes that no caller
	// fetched; what it wrote after that is lost.
	ErrRecordsFull = errors.New("too many records")
)

// MaxRecords gives how many bytes of records are kept for [VM.Next].
const MaxRecords = 256 << 20

// Record holds one line of a guest's.
type Record struct {
	// JSON is the record as the guest wrote it. That it is JSON is the
	// reader's to check.
	JSON []byte
	// At is when it came, from the start of QEMU.
	At time.Duration
}

// delivery holds a record, or the error in its place.
type delivery struct {
	record Record
	err    error
}

// mailbox keeps records until they are fetched, so that a slow reader stops no
// guest. It is safe for concurrent use.
type mailbox struct {
	mu     sync.Mutex
	queue  []delivery
	size   int
	full   bool
	closed bool
	// news has an item when the queue may be non-empty or the box is closed.
	news chan struct{}
}

func newMailbox() *mailbox { return &mailbox{news: make(chan struct{}, 1)} }

// put adds a delivery.
func (m *mailbox) put(d delivery) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.full || m.closed {
		return
	}
	// An error counts too: garbage must not fill the memory either.
	m.size += len(d.record.JSON) + 256
	if m.size > MaxRecords {
		m.full = true
		d = delivery{err: fmt.Errorf("%w: more than %d bytes waiting", ErrRecordsFull, MaxRecords)}
	}
	m.queue = append(m.queue, d)
	m.signal()
}

// close says that nothing more comes.
func (m *mailbox) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.signal()
}

func (m *mailbox) signal() {
	select {
	case m.news <- struct{}{}:
	default:
	}
}

// take takes the first delivery; ok is false if there is none now.
func (m *mailbox) take() (d delivery, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.queue) == 0 {
		if m.closed {
			m.signal()
			return delivery{err: io.EOF}, true
		}
		return delivery{}, false
	}
	d = m.queue[0]
	m.queue[0] = delivery{}
	m.queue = m.queue[1:]
	m.size -= len(d.record.JSON) + 256
	m.signal()
	return d, true
}

// next waits for the next delivery.
func (m *mailbox) next(ctx context.Context) (Record, error) {
	for {
		if d, ok := m.take(); ok {
			return d.record, d.err
		}
		select {
		case <-m.news:
		case <-ctx.Done():
			return Record{}, context.Cause(ctx)
		}
	}
}
