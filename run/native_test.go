// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loadstone-bpf/loadstone/oracle/turn"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// guestScript returns a guest program that is a shell script.
func guestScript(t *testing.T, text string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("a guest's namespaces take root to make: run make test, or sudo go test")
	}
	name := filepath.Join(t.TempDir(), "guest")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}

// A guest that says nothing is ended, and what it ended as says the limit and the host's load.
func TestASilentGuestOnTheHostsKernel(t *testing.T) {
	n := &Native{
		Guest:  guestScript(t, `echo '{"type":"accepted","specs":1}' >&3; exec sleep 1000`),
		Within: 100 * time.Millisecond,
	}
	heard := 0
	end := n.Run(t.Context(), record.Order{Specs: []string{"a.b"}}, Payload{},
		func(verdict.Heard) { heard++ })
	if end.Cause != verdict.GuestHung || end.Detail != "no record for 100ms" || heard != 1 {
		t.Errorf("%s: %s, %d records heard", end.Cause, end.Detail, heard)
	}
	if end.Load.Stretch < 1 || end.Load.Allowed < usualLoad ||
		!strings.Contains(end.String(), "; host's load: ") {
		t.Errorf("load %+v, in words %s", end.Load, end)
	}
}

// The limits that a guest gets are those of its order, or longer.
func TestAGuestOnTheHostsKernelGetsItsLimits(t *testing.T) {
	order := filepath.Join(t.TempDir(), "order")
	n := &Native{Guest: guestScript(t, "cat > "+order), Within: time.Minute}
	base := record.Limits{Request: 3 * time.Second, Spec: 5 * time.Second}
	end := n.Run(t.Context(), record.Order{Specs: []string{"a.b"}, Limits: base}, Payload{},
		func(verdict.Heard) {})
	if end.Cause != verdict.PoweredOff {
		t.Fatalf("%s: %s", end.Cause, end.Detail)
	}
	text, err := os.ReadFile(order)
	if err != nil {
		t.Fatal(err)
	}
	got, err := record.ParseOrder(text)
	if err != nil {
		t.Fatal(err)
	}
	if got.Limits != limits(base, 1, 2*float64(got.Limits.Request)/float64(base.Request)) ||
		got.Limits.Request < base.Request {
		t.Errorf("limits %v, want %v or longer", got.Limits, base)
	}
}

// Guests on the host's kernel run one after the other, however many a run has at once. Where it is
// another process that has the kernel, the user is told once.
func TestGuestsOnTheHostsKernelTakeTurns(t *testing.T) {
	inside := filepath.Join(t.TempDir(), "inside")
	told := make(chan string, 10)
	n := &Native{
		// mkdir fails where another one is inside
		Guest:  guestScript(t, "mkdir "+inside+" && sleep 0.2 && rmdir "+inside),
		Within: time.Minute, Log: slog.New(slog.NewTextHandler(lines(told), nil)),
	}
	other, err := turn.Wait(t.Context(), func(holder string) { t.Logf("waiting for %s", holder) })
	if err != nil {
		t.Fatal(err)
	}
	var guests sync.WaitGroup
	for range 4 {
		guests.Go(func() {
			end := n.Run(t.Context(), record.Order{Specs: []string{"a.b"}}, Payload{},
				func(verdict.Heard) {})
			if end.Cause != verdict.PoweredOff {
				t.Errorf("%s: %s\n%s", end.Cause, end.Detail, end.Console)
			}
		})
	}
	want := fmt.Sprintf("\"taken by\"=\"process %d (", os.Getpid())
	if line := <-told; !strings.Contains(line, "wait for their turn") ||
		!strings.Contains(line, want) {
		t.Errorf("told %s, want that specs wait, and %s", line, want)
	}
	other.End()
	guests.Wait()
	if len(told) > 0 {
		t.Errorf("told once more: %s", <-told)
	}
}

// lines takes what a log writes, a line at a time.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

// A run that is interrupted while it waits for its turn says so.
func TestAGuestOnTheHostsKernelIsInterruptedBeforeItsTurn(t *testing.T) {
	other, err := turn.Wait(t.Context(), func(holder string) { t.Logf("waiting for %s", holder) })
	if err != nil {
		t.Fatal(err)
	}
	defer other.End()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	n := &Native{Guest: guestScript(t, "exit 1"), Within: time.Minute}
	end := n.Run(ctx, record.Order{Specs: []string{"a.b"}}, Payload{}, func(verdict.Heard) {})
	if end.Cause != verdict.Interrupted {
		t.Errorf("%s: %s, want %s", end.Cause, end.Detail, verdict.Interrupted)
	}
}
