// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// A stopwatch is a clock that goes when it is told to.
type stopwatch struct{ time.Time }

func (s *stopwatch) now() time.Time       { return s.Time }
func (s *stopwatch) pass(d time.Duration) { s.Time = s.Add(d) }
func newStopwatch() *stopwatch            { return &stopwatch{time.Unix(1_800_000_000, 0)} }
func one(k verdict.Kind) verdict.Verdict {
	return verdict.Verdict{Spec: "mapdefs.one", Suite: "mapdefs", Cell: verdict.Cell{Loader: "libbpf", LoaderVersion: "1.1", Kernel: "6.12"}, Kind: k}
}

// alike returns the work of a run of so many specs, one after the other in guests of their own.
func alike(specs int) Work {
	return Work{Jobs: 1, CPUs: 1, Parts: []verdict.Part{
		{Loader: "libbpf@1.1", Kernel: "6.12", Suite: "mapdefs", Specs: specs},
	}}
}

// add shows a verdict of a guest that took a while for it.
func (s *stopwatch) add(p *Progress, v verdict.Verdict, took time.Duration) {
	v.Spec = fmt.Sprintf("mapdefs.%d", p.done)
	p.Began(Turn{
		Loader: v.LoaderName(), Kernel: v.Kernel, Specs: []string{v.Spec}, Suites: []string{v.Suite},
	})
	s.pass(took)
	p.Add(v)
}

func TestProgressInALog(t *testing.T) {
	var b bytes.Buffer
	watch := newStopwatch()
	p := newProgress(&b, Screen{}, alike(100), watch.now)
	p.Preparing("6.12")
	watch.pass(5 * time.Second)
	p.Prepared("6.12")
	for range 20 {
		watch.add(p, one(verdict.Pass), time.Second)
	}
	watch.add(p, one(verdict.Fail), time.Second)
	p.Say("notice: this QEMU cannot clone; each spec boots")
	watch.pass(time.Second)
	p.Stop()
	p.Stop()
	p.Add(one(verdict.Pass))
	want := `[....................]  0/100  0:00  making 6.12 ready
[....................]  1/100  1 pass  0:06
[##..................]  11/100  11 pass  0:16, about 1:29 left
FAIL  libbpf@1.1 on 6.12  mapdefs.20
[####................]  21/100  20 pass, 1 fail  0:26, about 1:19 left
notice: this QEMU cannot clone; each spec boots
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestProgressOnATerminal(t *testing.T) {
	var b bytes.Buffer
	watch := newStopwatch()
	p := newProgress(&b, Screen{Live: true, Width: 60}, alike(4), watch.now)
	watch.add(p, one(verdict.Pass), 0)
	watch.add(p, one(verdict.Pass), 0) // too soon to paint
	watch.add(p, one(verdict.Crash), time.Second)
	watch.pass(time.Second)
	p.Preparing("a kernel whose name is too long for what is left of the line")
	p.Stop()
	want := "\r\x1b[K[#####...............]  1/4  1 pass  0:00" +
		"\r\x1b[KCRASH  libbpf@1.1 on 6.12  mapdefs.2\n" +
		"\r\x1b[K[###############.....]  3/4  2 pass, 1 crash  0:01, almost " +
		"\r\x1b[K[###############.....]  3/4  2 pass, 1 crash  0:02, almost " +
		"\r\x1b[K"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestProgressTellsTheFirstFindingsOnly(t *testing.T) {
	var b bytes.Buffer
	p := newProgress(&b, Screen{}, alike(100), newStopwatch().now)
	for range 50 {
		p.Add(one(verdict.Broken))
	}
	p.Stop()
	if got := strings.Count(b.String(), "BROKEN  "); got != calledOut {
		t.Errorf("%d findings", got)
	}
	if got := strings.Count(b.String(), "more is in the report"); got != 1 {
		t.Errorf("said %d times that there are more", got)
	}
}

func TestProgressCannotBeDrivenByAName(t *testing.T) {
	var b bytes.Buffer
	p := newProgress(&b, Screen{}, alike(1), newStopwatch().now)
	v := one(verdict.Fail)
	v.Spec = "a\x1b[2J"
	p.Add(v)
	p.Say("b\x1b[2J")
	p.Preparing("c\x1b[2J")
	p.Stop()
	if strings.Contains(b.String(), "\x1b") {
		t.Errorf("got %q", b.String())
	}
}

// TestProgressFromManyCells runs with the ticking clock, for the race detector.
func TestProgressFromManyCells(t *testing.T) {
	var b bytes.Buffer
	p := NewProgress(&b, Screen{Live: true, Color: true, Width: 80}, alike(800))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 100 {
				p.Add(one(verdict.Pass))
				p.Preparing(fmt.Sprint("kernel ", i))
			}
		})
	}
	wg.Wait()
	p.Stop()
	if p.done != 800 {
		t.Errorf("%d verdicts", p.done)
	}
}

func TestClock(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0:00", 1499 * time.Millisecond: "0:01", 62 * time.Second: "1:02", 3723 * time.Second: "1:02:03"} {
		if got := clock(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
}
