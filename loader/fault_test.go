// SPDX-License-Identifier: Apache-2.0

package loader_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/drivers/faults"
	"github.com/loadstone-bpf/loadstone/loader"
)

func init() {
	loader.Drivers["faults"] = func() { faults.Main(loader.Modest()) }
}

func hello() loader.Hello {
	return loader.Hello{Protocols: []int{loader.Version}, Suite: "test",
		Dirs: loader.Dirs{Work: "/w", BPFFS: "/b"}}
}

// seen holds what a test of a fault looks at.
type seen struct {
	client    *loader.Client
	exchanges []loader.Exchange
	fault     *loader.Fault // the first
	took      time.Duration // from start to the end of Close
}

// suffer has a short conversation with a driver that has the fault.
func suffer(t *testing.T, fault faults.Fault, options loader.Options) seen {
	t.Helper()
	return sufferIn(t.Context(), t, fault, options)
}

// sufferIn does what [suffer] does, with a context for its requests.
func sufferIn(
	ctx context.Context, t *testing.T, fault faults.Fault, options loader.Options,
) seen {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{loader.EnvDriver + "=faults", faults.EnvFault + "=" + fault.Name,
		faults.EnvFor + "=3s", "GORACE=atexit_sleep_ms=0", "GOCOVERDIR=" + t.TempDir()}
	var s seen
	options.Trace = func(x loader.Exchange) { s.exchanges = append(s.exchanges, x) }
	start := time.Now()
	var err error
	if s.client, err = loader.Start(t.Context(), cmd, options); err != nil {
		t.Fatal(err)
	}
	for _, req := range []loader.Request{hello(), loader.Open{Session: "s", Object: "/o"},
		loader.Load{Session: "s"}, loader.Reset{}} {
		if _, err = s.client.Do(ctx, req); err != nil {
			break
		}
	}
	if closed := s.client.Close(); err == nil {
		err = closed
	} else if closed != nil {
		t.Errorf("after %v: %v", err, closed)
	}
	s.took = time.Since(start)
	if err != nil && !errors.As(err, &s.fault) {
		t.Fatalf("error %v is no fault", err)
	}
	return s
}

// patience returns how long to wait for a driver with that fault: as long as a busy machine with
// the race detector may need, but for what will never come.
func patience(fault faults.Fault) loader.Options {
	options := loader.Options{Deadline: time.Minute, Grace: time.Minute}
	if errors.Is(fault.Kind, loader.ErrHung) || fault.Name == "mute" {
		options.Grace = 500 * time.Millisecond
		options.Deadlines = map[loader.Op]time.Duration{loader.OpLoad: 2 * time.Second}
	}
	return options
}

func faultOf(t *testing.T, name string) faults.Fault {
	t.Helper()
	fault, ok := faults.Named(name)
	if !ok {
		t.Fatalf("no fault %s", name)
	}
	return fault
}

func TestFaultyDriver(t *testing.T) {
	for _, fault := range faults.All {
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			if fault.Name == "leak" && os.Geteuid() != 0 {
				t.Fatal("making a map takes root: run make test as root")
			}
			s := suffer(t, fault, patience(fault))
			if (s.fault == nil) != (fault.Kind == nil) || s.fault != nil &&
				!errors.Is(s.fault, fault.Kind) {
				t.Fatalf("fault %v, want %v", s.fault, fault.Kind)
			}
			if s.took > 30*time.Second {
				t.Errorf("it took %v", s.took)
			}
			reapOrphans(t, s.client.Group())
			if s.fault == nil {
				return
			}
			last := s.exchanges[len(s.exchanges)-1]
			if last.Fault != s.fault || s.fault.Op != fault.At {
				t.Errorf("fault at %s, traced %v", s.fault.Op, last.Fault)
			}
			t.Log(s.fault)
		})
	}
}

// What the kernel does for a driver does not count against its limit. What it does itself does, and
// so does any other wait, however patient the suite is.
func TestPatienceIsForTheKernelOnly(t *testing.T) {
	patient := loader.WithPatience(t.Context(),
		loader.Patience{Limit: time.Minute, Most: 2 * time.Minute})
	for name, want := range map[string]error{
		faults.Slow.Name: nil, "hang": loader.ErrHung, "hang-busy": loader.ErrHung,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const limit = 2 * time.Second
			s := sufferIn(patient, t, faultOf(t, name), loader.Options{
				Deadline: time.Minute, Grace: time.Minute,
				Deadlines: map[loader.Op]time.Duration{loader.OpLoad: limit},
			})
			if want != nil && (!errors.Is(s.fault, want) || s.fault.Limit != limit) ||
				want == nil && s.fault != nil {
				t.Errorf("fault %v, want %v", s.fault, want)
			}
			if want == nil && s.exchanges[2].Duration <= limit {
				t.Errorf("the load took %v, which is within the limit of %v",
					s.exchanges[2].Duration, limit)
			}
			if s.took > time.Minute {
				t.Errorf("it took %v", s.took)
			}
			reapOrphans(t, s.client.Group())
		})
	}
}

// reapOrphans waits for what is left of a driver's group, which must have been killed. What was
// orphaned comes to this process (TestMain).
func reapOrphans(t *testing.T, group int) {
	t.Helper()
	for {
		var status unix.WaitStatus
		_, err := unix.Wait4(-group, &status, 0, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.ECHILD):
			return
		case err != nil || status.Signal() != unix.SIGKILL:
			t.Errorf("left of the driver: %v, %v", status, err)
		}
	}
}

func TestFaultTellsWhatWasSeen(t *testing.T) {
	for name, want := range map[string]string{
		"die":              "driver died (request 3, load): signal: killed",
		"exit":             "driver died (request 3, load): exit status 0",
		"exit-3-after-bye": "driver died (request 5, bye): exit status 3 after bye",
		"mute":             "driver died (request 3, load): it closed its output and went on",
		"hang":             "driver did not answer in time (request 3, load, limit 2s)",
		"no-flush":         "its answer came when its input was closed: flush stdout after every reply",
		"hang-half-line":   "half a line: `{\"seq\":3,\"rejected\"",
		"text":             `libexample: loading section 'xdp'`,
		"schema":           "ok.maps is `{\"m\":7}`, want an array",
		"version":          "it chose version 99 of [1]",
		"twice":            "again to request 3",
		"twice-late":       "again to request 2",
		"out-of-order":     "to request 1003, which was not made",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if s := suffer(t, faultOf(t, name), patience(faultOf(t, name))); s.fault == nil ||
				!strings.Contains(s.fault.Error(), want) {
				t.Errorf("fault %v, want %q in it", s.fault, want)
			}
		})
	}
}

func TestHangingDriverLeavesADump(t *testing.T) {
	options := patience(faultOf(t, "hang"))
	options.Grace = time.Minute
	s := suffer(t, faultOf(t, "hang"), options)
	if s.fault == nil || !strings.Contains(s.fault.Stderr, "SIGABRT") {
		t.Errorf("stderr %q", s.fault.Stderr)
	}
}

func TestStderrIsBounded(t *testing.T) {
	s := suffer(t, faultOf(t, "chatty"), patience(faultOf(t, "chatty")))
	load := s.exchanges[2]
	if len(load.Stderr) != loader.MaxStderr || !strings.HasSuffix(load.Stderr, "end.\n") {
		t.Errorf("%d bytes of stderr, ending in %q", len(load.Stderr),
			load.Stderr[max(0, len(load.Stderr)-20):])
	}
	if s.exchanges[3].Stderr != "" {
		t.Errorf("then %q", s.exchanges[3].Stderr)
	}
}
