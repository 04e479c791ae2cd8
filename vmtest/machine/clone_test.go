// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/u-root/mkuimage/cpio"

	"github.com/loadstone-bpf/loadstone/vmtest/guest/wire"
)

// decode decodes the one record of a run that has this member.
func decode[T any](t *testing.T, r ran, member string) T {
	t.Helper()
	if r.end.Cause != Clean {
		r.report(t)
		t.Fatal(r.end)
	}
	for _, record := range r.records {
		var all map[string]json.RawMessage
		if err := json.Unmarshal([]byte(record), &all); err != nil {
			t.Fatalf("%s: %v", record, err)
		}
		if raw, ok := all[member]; ok {
			var value T
			if err := json.Unmarshal(raw, &value); err != nil {
				t.Fatalf("%s: %v", record, err)
			}
			return value
		}
	}
	t.Fatalf("no record with %q: %q", member, r.records)
	panic("unreachable")
}

// machineSeen holds what a guest sees of its machine.
type machineSeen struct {
	Nodes   int      `json:"nodes"`
	CPUs    string   `json:"cpus"`
	Modules []string `json:"modules"`
	Mounts  []string `json:"mounts"`
	Release string   `json:"release"`
	Host    string   `json:"host"`
}

func TestGuestIsAWholeMachine(t *testing.T) {
	k, err := getKernel()
	if err != nil {
		t.Fatal(err)
	}
	got := decode[machineSeen](t, clone(t, "machine", Options{}), "machine")
	slices.Sort(got.Modules)
	for _, module := range []string{
		"veth", "dummy", "sch_ingress", "cls_bpf", "act_bpf", "tcp_bbr", "tcp_dctcp",
		"nf_conntrack",
	} {
		modules, err := k.Modules()
		if err != nil {
			t.Fatal(err)
		}
		if _, found := slices.BinarySearch(got.Modules, module); !found &&
			!modules.BuiltIn(module) {
			t.Errorf("module %s is not loaded: %q", module, got.Modules)
		}
	}
	got.Modules = nil
	want := machineSeen{
		Nodes: 2, CPUs: "0-1", Release: k.Release, Host: "loadstone",
		// linux/magic.h: BPF, cgroup2, tracefs, devpts, tmpfs.
		Mounts: []string{
			"/sys/fs/bpf 0xcafe4a11", "/sys/fs/cgroup 0x63677270", "/sys/kernel/tracing 0x74726163",
			"/dev/pts 0x1cd1", "/tmp 0x1021994",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// randomSeen holds what must differ between clones.
type randomSeen struct {
	Bytes string `json:"bytes"`
	UUID  string `json:"uuid"`
	Now   int64  `json:"now"`
}

func TestClonesShareNoRandomNumbers(t *testing.T) {
	seen := make(map[string]bool)
	for range 3 {
		before := time.Now()
		r := decode[randomSeen](t, clone(t, "random", Options{}), "random")
		for _, value := range []string{r.Bytes, r.UUID} {
			if seen[value] {
				t.Errorf("two clones drew %s", value)
			}
			seen[value] = true
		}
		if now := time.Unix(0, r.Now); now.Before(before.Add(-time.Second)) ||
			now.After(time.Now().Add(time.Second)) {
			t.Errorf("the clone's clock says %v, the host's %v", now, time.Now())
		}
	}
}

func TestOrphansAreReapedAndCommandsKeepTheirStatus(t *testing.T) {
	if zombies := decode[int](t, clone(t, "orphans", Options{}), "zombies"); zombies != 0 {
		t.Errorf("%d processes are left", zombies)
	}
}

func TestKernelLogBeginsWithTheBoot(t *testing.T) {
	type log struct {
		Boot    string   `json:"boot"`
		Entries int      `json:"entries"`
		After   []string `json:"after"`
	}
	got := decode[log](t, clone(t, "kernel-log", Options{}), "log")
	if !strings.HasPrefix(got.Boot, "Linux version") || got.Entries < 100 {
		t.Errorf("%d entries, the first is %q", got.Entries, got.Boot)
	}
	if !slices.Contains(got.After, "4 faultguest was here") {
		t.Errorf("what was logged after the mark is not there: %q", got.After)
	}
}

// archiveOf returns a newc archive of files.
func archiveOf(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := cpio.Newc.Writer(&b)
	for name, content := range files {
		if err := w.WriteRecord(cpio.StaticFile(name, content, 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	if err := cpio.WriteTrailer(w); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestPayloadIsTheClonesOwn: two clones of one template are brought different
// payloads, and one none.
func TestPayloadIsTheClonesOwn(t *testing.T) {
	contents := []map[string]string{
		{"driver": "the first driver", "lib/libbpf.so.1": strings.Repeat("library", 1<<20)},
		{"driver": "the second driver"},
	}
	for _, files := range contents {
		p, err := NewPayload(bytes.NewReader(archiveOf(t, files)), 0)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		want := make(map[string]string)
		for name, content := range files {
			sum := sha256.Sum256([]byte(content))
			want[name] = hex.EncodeToString(sum[:])
		}
		r := clone(t, "payload", Options{Payload: p})
		if diff := cmp.Diff(want, decode[map[string]string](t, r, "payload")); diff != "" {
			t.Error(diff)
		}
		t.Logf("%d files: first record after %v, gone after %v", len(files),
			r.end.Timing.FirstRecord, r.end.Timing.Gone)
	}
	if got := decode[string](t, clone(t, "payload", Options{}), "payload"); got != "none" {
		t.Errorf("a clone that was brought nothing has %q", got)
	}
}

func TestPayloadRefuses(t *testing.T) {
	if _, err := NewPayload(bytes.NewReader(make([]byte, 1<<20+1)), 1); !errors.Is(err,
		ErrPayloadTooLarge) {
		t.Errorf("payload above its device: %v", err)
	}
	if _, err := OpenPayload(filepath.Join(t.TempDir(), "missing"), 1); !errors.Is(err,
		os.ErrNotExist) {
		t.Errorf("missing payload: %v", err)
	}
	p, err := NewPayload(strings.NewReader("small"), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.file.WriteAt([]byte("x"), 0); err == nil {
		t.Error("a payload can be written to")
	}
	if _, err := testTemplate(t).Clone(t.Context(), Options{Payload: p}); !errors.Is(err,
		ErrConfig) {
		t.Errorf("payload for another device: %v", err)
	}
}

func TestClonesRunAtTheSameTime(t *testing.T) {
	testTemplate(t)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if r := clone(t, "none", Options{}); r.end.Cause != Clean {
				t.Error(r.end)
			}
		})
	}
	wg.Wait()
}

func TestOrderIsRefused(t *testing.T) {
	vm, err := testTemplate(t).Clone(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer vm.Kill()
	for name, order := range map[string]string{
		"longer than a line": strings.Repeat("x", wire.MaxOrder+1),
		"more than one line": "none\nnone",
	} {
		if err := vm.Send([]byte(order)); !errors.Is(err, ErrOrder) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// It may come late, and in its full length.
	if err := vm.Send([]byte("none " + strings.Repeat("x", wire.MaxOrder-5))); err != nil {
		t.Fatal(err)
	}
	if err := vm.Send([]byte("none")); !errors.Is(err, ErrOrder) {
		t.Errorf("second order: %v", err)
	}
	if r := finish(t, vm); r.end.Cause != Clean {
		r.report(t)
	}
	if err := vm.Send([]byte("none")); !errors.Is(err, ErrOrder) {
		t.Errorf("order after the end: %v", err)
	}
}

func TestKilledVMKeepsItsRecords(t *testing.T) {
	for name, end := range map[string]func(*VM, context.CancelCauseFunc){
		"kill":    func(vm *VM, _ context.CancelCauseFunc) { vm.Kill() },
		"context": func(_ *VM, cancel context.CancelCauseFunc) { cancel(errors.New("the user gave up")) },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			vm, err := testTemplate(t).Clone(ctx, Options{Order: []byte("hang-user")})
			if err != nil {
				t.Fatal(err)
			}
			record, err := vm.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			end(vm, cancel)
			if r := finish(t, vm); r.end.Cause != Killed {
				t.Errorf("ended %v after %s", r.end, record.JSON)
			}
		})
	}
}

func TestConsoleIsKeptInItsFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "console")
	r := clone(t, "go-panic", Options{Console: file})
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b, r.end.Console) || !bytes.Contains(b, []byte("a bug of the guest program")) {
		t.Errorf("file and memory differ:\n%s\n%s", b, r.end.Console)
	}
	_, err = testTemplate(t).Clone(t.Context(), Options{Console: filepath.Join(file, "below")})
	if err == nil {
		t.Error("a console that cannot be kept is no error")
	}
}
