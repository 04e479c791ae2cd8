// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

// part is how somebody spends a stretch of time: shares of it.
type part struct {
	takes               time.Duration
	kernel, own, queued float64
}

// spends returns what reads the work of somebody who spends his time so, and sleeps after it.
func spends(parts ...part) func() (work, error) {
	began := time.Now()
	return func() (work, error) {
		var w work
		passed := time.Since(began)
		for _, p := range parts {
			share := func(f float64) time.Duration {
				return time.Duration(f * float64(min(passed, p.takes)))
			}
			w.kernel += share(p.kernel)
			w.ran += share(p.kernel + p.own)
			w.waited += share(p.queued)
			passed = max(0, passed-p.takes)
		}
		return w, nil
	}
}

// The limit of a request does not count the time in which the kernel works for the driver, and all
// other time.
func TestPatience(t *testing.T) {
	const ever = 24 * time.Hour
	usual := Patience{Limit: 16 * time.Second, Most: time.Minute}
	for name, tt := range map[string]struct {
		patience Patience
		parts    []part
		want     time.Duration // until the request is given up
		detail   string
	}{
		"sleeps":   {usual, nil, 16 * time.Second, ""},
		"computes": {usual, []part{{ever, 0, 1, 0}}, 16 * time.Second, ""},
		"computes, with some calls of the kernel": {usual, []part{{ever, .4, .6, 0}},
			16 * time.Second, ""},
		"computes on a busy machine": {usual, []part{{ever, 0, .1, .9}}, 16 * time.Second, ""},
		"has the kernel work, for ever": {usual, []part{{ever, 1, 0, 0}}, time.Minute,
			"besides 58s in which the kernel worked for it"},
		"has the kernel work on a busy machine": {usual, []part{{ever, .1, .01, .89}}, time.Minute,
			"besides 58s in which the kernel worked for it"},
		"has the kernel work, and sleeps": {usual, []part{{22 * time.Second, 1, 0, 0}},
			36 * time.Second, "besides 20s in which the kernel worked for it"},
		"sleeps, and has the kernel work": {usual, []part{{12 * time.Second, 0, 0, 0},
			{20 * time.Second, .9, .1, 0}}, 36 * time.Second,
			"besides 20s in which the kernel worked for it"},
		"is given no core at all": {usual, []part{{ever, 0, 0, 1}}, time.Minute, ""},
		"computes on a machine with no time": {usual, []part{{ever, 0, .02, .98}}, 20 * time.Second,
			""},
		"no more patience than the limit": {Patience{Limit: 16 * time.Second},
			[]part{{ever, 1, 0, 0}}, 16 * time.Second, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				ctx, cancel := patienceOf(WithPatience(t.Context(), tt.patience), 0).
					begin(t.Context(), spends(tt.parts...))
				defer cancel()
				<-ctx.Done()
				if took := time.Since(began); took != tt.want {
					t.Errorf("given up after %v, want %v", took, tt.want)
				}
				f := late(ctx, "")
				if !errors.Is(f, ErrHung) || f.Limit != 16*time.Second || f.Detail != tt.detail {
					t.Errorf("%v, want the limit 16s and detail %q", f, tt.detail)
				}
			})
		})
	}
}

func TestPatienceWithoutAView(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, cancel := Patience{Limit: 8 * time.Second, Most: time.Minute}.begin(t.Context(),
			func() (work, error) { return work{}, fs.ErrPermission })
		defer cancel()
		<-ctx.Done()
		if took := time.Since(began); took != 8*time.Second {
			t.Errorf("given up after %v, want 8s", took)
		}
		want := "half a line, whether the kernel worked for it is unknown: permission denied"
		if f := late(ctx, "half a line"); f.Detail != want {
			t.Errorf("detail %q, want %q", f.Detail, want)
		}
	})
}

// The end of the context around it ends a wait, as what it is.
func TestPatienceEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errOver := errors.New("the spec's time is up")
		began := time.Now()
		outer, stop := context.WithCancelCause(t.Context())
		ctx, cancel := Patience{Limit: 8 * time.Second, Most: time.Minute}.begin(outer,
			spends(part{time.Hour, 1, 0, 0}))
		defer cancel()
		time.AfterFunc(20*time.Second, func() { stop(errOver) })
		<-ctx.Done()
		if took := time.Since(began); took != 20*time.Second {
			t.Errorf("over after %v, want 20s", took)
		}
		if f := late(ctx, ""); !errors.Is(f, errOver) {
			t.Errorf("%v, want %v", f, errOver)
		}
	})
}

func TestPatienceIsTheShorterLimit(t *testing.T) {
	ctx := WithPatience(t.Context(), Patience{Limit: time.Minute, Most: time.Hour})
	for limit, want := range map[time.Duration]Patience{
		0:               {time.Minute, time.Hour},
		time.Second:     {time.Second, time.Hour},
		2 * time.Minute: {time.Minute, time.Hour},
	} {
		if got := patienceOf(ctx, limit); got != want {
			t.Errorf("beside a limit of %v: %v, want %v", limit, got, want)
		}
	}
	if got := patienceOf(t.Context(), time.Second); got != (Patience{time.Second, time.Second}) {
		t.Errorf("without patience: %v, want one second", got)
	}
}

func TestStatOfAProcess(t *testing.T) {
	const good = "7 (a) (b c) R 1 42 42 0 -1 4194304 1 0 0 0 100 25 10 5 20 0 1 0 9 0 0 0"
	want := stat{group: 42, work: work{kernel: 300 * time.Millisecond, ran: 1400 * time.Millisecond}}
	if got, err := parseStat(good); got != want || err != nil {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	for _, bad := range []string{"", "7 (a) R 1 42", strings.Replace(good, " 25 ", " many ", 1)} {
		if got, err := parseStat(bad); err == nil {
			t.Errorf("%q: %+v, want an error", bad, got)
		}
	}
}

// What this process does in the kernel shows, alone and as a member of its group.
func TestWorkOfThisProcess(t *testing.T) {
	before, err := workOfOurs()
	if err != nil {
		t.Fatal(err)
	}
	var did work
	for did.kernel < 200*time.Millisecond {
		for range 10 { // the kernel clears pages; the race detector has no part in it
			pages, err := unix.Mmap(-1, 0, 16<<20, unix.PROT_READ|unix.PROT_WRITE,
				unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_POPULATE)
			if err != nil {
				t.Fatal(err)
			}
			if err := unix.Munmap(pages); err != nil {
				t.Fatal(err)
			}
		}
		now, err := workOfOurs()
		if err != nil {
			t.Fatal(err)
		}
		did = now.since(before)
	}
	if 2*did.kernel < did.ran {
		t.Errorf("the kernel worked for %v of %v, with nothing else to do", did.kernel, did.ran)
	}
	self, err := readStat(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	group, err := workOfGroup(self.group)
	if err != nil || group.kernel < did.kernel {
		t.Errorf("the group's work is %v, %v, and that of one in it %v", group, err, did)
	}
	if _, err := workOf(1 << 30); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of no process: %v, want %v", err, fs.ErrNotExist)
	}
}
