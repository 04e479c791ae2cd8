// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"context"
	"errors"
	"io"
	"syscall"
	"testing"
	"testing/iotest"
	"time"
)

func TestMailboxKeepsWhatNobodyFetches(t *testing.T) {
	m := newMailbox()
	for range 1000 {
		m.put(delivery{record: Record{JSON: []byte("{}")}})
	}
	m.close()
	m.put(delivery{record: Record{JSON: []byte("late")}})
	for i := range 1000 {
		if _, err := m.next(t.Context()); err != nil {
			t.Fatalf("record %d: %v", i, err)
		}
	}
	for range 2 {
		if _, err := m.next(t.Context()); err != io.EOF {
			t.Fatalf("after the end: %v", err)
		}
	}
}

func TestMailboxThatIsFullSaysSoAndKeepsTheFirst(t *testing.T) {
	m := newMailbox()
	large := make([]byte, 1<<20)
	for range MaxRecords>>20 + 5 {
		m.put(delivery{record: Record{JSON: large}})
	}
	m.close()
	var records, full int
	for {
		_, err := m.next(t.Context())
		if err == io.EOF {
			break
		}
		if errors.Is(err, ErrRecordsFull) {
			full++
			continue
		}
		records++
	}
	if full != 1 || records != MaxRecords>>20-1 {
		t.Errorf("%d records and %d errors", records, full)
	}
}

func TestNextGivesUpWithItsContext(t *testing.T) {
	m := newMailbox()
	gaveUp := errors.New("gave up")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gaveUp)
	if _, err := m.next(ctx); !errors.Is(err, gaveUp) {
		t.Errorf("got %v", err)
	}
}

func TestManyReadersAllSeeTheEnd(t *testing.T) {
	m := newMailbox()
	ends := make(chan error)
	for range 3 {
		go func() {
			_, err := m.next(t.Context())
			ends <- err
		}()
	}
	m.close()
	for range 3 {
		select {
		case err := <-ends:
			if err != io.EOF {
				t.Errorf("got %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("a reader waits for ever")
		}
	}
}

// TestChannelThatIsResetEnds: QEMU may die with an order unread, and what it
// sent before is no less a record.
func TestChannelThatIsResetEnds(t *testing.T) {
	for _, err := range []error{syscall.ECONNRESET, io.EOF} {
		if _, got := (channel{iotest.ErrReader(err)}).Read(make([]byte, 1)); got != io.EOF {
			t.Errorf("%v became %v", err, got)
		}
	}
	broken := errors.New("broken")
	if _, got := (channel{iotest.ErrReader(broken)}).Read(make([]byte, 1)); got != broken {
		t.Errorf("got %v", got)
	}
}
