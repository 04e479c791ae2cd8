// SPDX-License-Identifier: Apache-2.0

package check

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/drivers/cilium"
	"github.com/loadstone-bpf/loadstone/drivers/faults"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/loader/schema"
)

// The test binary is the driver with faults, where the environment names one.
func TestMain(m *testing.M) {
	if os.Getenv(faults.EnvFault) != "" {
		faults.Main(proper{cilium.New()})
	}
	os.Exit(m.Run())
}

// proper stands for a loader in a test, where the version of a library is not known.
type proper struct{ loader.Loader }

func (p proper) Do(ctx context.Context, req loader.Request) (loader.Reply, error) {
	if req.Op() == loader.OpHello {
		return &loader.OK{Loader: &loader.Identity{Name: "proper", Version: "1"}}, nil
	}
	return p.Loader.Do(ctx, req)
}

func linked(l loader.Loader) Start {
	return func(_ context.Context, trace func(loader.Exchange)) (loader.Loader, error) {
		return loader.Traced(l, trace), nil
	}
}

func drive(t *testing.T, start Start) *Report {
	work := t.TempDir()
	return Check(t.Context(),
		Driver{Start: start, Name: "proper", Dirs: loader.Dirs{Work: work, BPFFS: work},
			Work: work})
}

// checkSchema holds what was said to the published schema, as the client does in code of its own.
func checkSchema(t *testing.T, r *Report) {
	t.Helper()
	for _, x := range r.Exchanges {
		if err := schema.Validate(x.Request, x.Reply); err != nil {
			t.Errorf("exchange %d: %v", x.Seq, err)
		}
	}
}

// bad returns the rules that a driver did not keep to.
func bad(r *Report) []string {
	var rules []string
	for _, f := range r.Findings {
		if f.Err != nil {
			rules = append(rules, f.Rule)
		}
	}
	return rules
}

func TestProperDriver(t *testing.T) {
	r := drive(t, linked(proper{cilium.New()}))
	if err := r.Err(); err != nil {
		t.Error(err)
	}
	checkSchema(t, r)
	if len(r.Findings) != 14 || r.Identity == nil || r.Identity.Version != "1" ||
		len(r.Exchanges) != 11 {
		t.Errorf("%d findings, identity %v, %d exchanges", len(r.Findings), r.Identity,
			len(r.Exchanges))
	}
}

// agreeable says ok to everything.
type agreeable struct{}

func (agreeable) Do(context.Context, loader.Request) (loader.Reply, error) {
	return &loader.OK{Loader: &loader.Identity{Name: "other", Version: "1"}, ID: 1}, nil
}
func (agreeable) Close() error { return nil }

func TestDriverThatSaysYesToAll(t *testing.T) {
	want := []string{
		"answers hello", "makes no map of no type", "refuses a file that is not there", "refuses a file that is no object",
		"keeps no session of an object that it refused", "calls it an error when a session does not exist",
	}
	r := drive(t, linked(agreeable{}))
	if diff := cmp.Diff(want, bad(r)); diff != "" {
		t.Error(diff)
	}
	if !errors.Is(r.Err(), errName) || !errors.Is(r.Err(), errReply) {
		t.Error(r.Err())
	}
}

func TestDriverThatCannotBeStarted(t *testing.T) {
	r := drive(t, func(context.Context, func(loader.Exchange)) (loader.Loader, error) {
		return nil, os.ErrNotExist
	})
	if diff := cmp.Diff([]string{"starts"}, bad(r)); diff != "" {
		t.Error(diff)
	}
}

func TestDriverWithAFault(t *testing.T) {
	for _, fault := range faults.All {
		if fault.Kind == nil {
			continue
		}
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			r := drive(t, func(
				ctx context.Context, trace func(loader.Exchange),
			) (loader.Loader, error) {
				cmd := exec.Command(os.Args[0])
				cmd.Env = []string{faults.EnvFault + "=" + fault.Name, "GORACE=atexit_sleep_ms=0"}
				options := loader.Options{Deadline: time.Minute, Grace: time.Minute, Trace: trace}
				// then there is nothing to wait for
				if errors.Is(fault.Kind, loader.ErrHung) || fault.Name == "mute" {
					options.Grace = 500 * time.Millisecond
					options.Deadlines = map[loader.Op]time.Duration{loader.OpLoad: 2 * time.Second}
				}
				return loader.Start(ctx, cmd, options)
			})
			if !errors.Is(r.Err(), fault.Kind) {
				t.Errorf("%v, want %v", r.Err(), fault.Kind)
			}
			kept := !slices.Contains(bad(r), "keeps to the schema")
			if kept != !errors.Is(fault.Kind, loader.ErrSchema) {
				t.Errorf("it keeps to the schema: %v", kept)
			}
		})
	}
}

// The document for authors of drivers holds a driver in a shell.
func TestDocumentedShellDriver(t *testing.T) {
	text, err := os.ReadFile("../../docs/loader-protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	_, script, _ := strings.Cut(string(text), "```sh\n")
	script, _, _ = strings.Cut(script, "```")
	name := filepath.Join(t.TempDir(), "driver.sh")
	if err := os.WriteFile(name, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	r := Check(t.Context(), Driver{
		Name: "shell", Work: work, Dirs: loader.Dirs{Work: work, BPFFS: work},
		Start: func(ctx context.Context, trace func(loader.Exchange)) (loader.Loader, error) {
			return loader.Start(ctx, exec.Command("sh", name), loader.Options{Trace: trace})
		},
	})
	if err := r.Err(); err != nil {
		t.Error(err)
	}
}
