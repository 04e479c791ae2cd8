// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/suites/catalogue"
)

// asGuest in the environment makes the test program the guest program.
const asGuest = "LOADSTONE_TEST_AS_GUEST"

func TestMain(m *testing.M) {
	if os.Getenv(asGuest) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// guestProgram returns a command that runs this program as the guest program.
func guestProgram(args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), asGuest+"=1")
	return cmd
}

// run runs a command to its end.
func run(t *testing.T, cmd *exec.Cmd) (stdout, stderr string, code int) {
	t.Helper()
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), complaints.String(), cmd.ProcessState.ExitCode()
}

// specsIn returns the ids of what the subcommand catalogue printed.
func specsIn(t *testing.T, text string) []string {
	t.Helper()
	var ids []string
	for decoder := json.NewDecoder(strings.NewReader(text)); ; {
		var s record.Spec
		err := decoder.Decode(&s)
		if errors.Is(err, io.EOF) {
			return ids
		}
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, s.ID)
	}
}

func TestCatalogueIsTheOneThatIsCommitted(t *testing.T) {
	stdout, stderr, code := run(t, guestProgram("catalogue"))
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	committed, err := catalogue.Committed()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(committed.Specs, specsIn(t, stdout)); diff != "" {
		t.Error(diff)
	}
}

// The guest program is built as if one suite were not in the list: it says so, and prints no
// catalogue that a host could run less of. The list is that of the tests of suites/all.
func TestAGuestWithoutASuiteIsRefused(t *testing.T) {
	const list = "../../suites/all/all.go"
	all, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Abs(list)
	if err != nil {
		t.Fatal(err)
	}
	areas, err := filepath.Glob("../../requirements/*.yaml")
	if err != nil || len(areas) == 0 {
		t.Fatalf("areas %q: %v", areas, err)
	}
	for _, file := range areas {
		area := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(area, func(t *testing.T) {
			line := regexp.MustCompile(`(?m)^\t_ ".*/suites/` + area + `"\n`)
			if len(line.FindAll(all, -1)) != 1 {
				t.Fatalf("%s does not import suites/%s in a line of its own", list, area)
			}
			dir := t.TempDir()
			overlay, program := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "guest")
			write(t, filepath.Join(dir, "all.go"), line.ReplaceAll(all, nil))
			text, err := json.Marshal(map[string]any{"Replace": map[string]string{path: filepath.Join(dir, "all.go")}})
			if err != nil {
				t.Fatal(err)
			}
			write(t, overlay, text)
			if _, stderr, code := run(t, exec.Command("go", "build", "-overlay", overlay, "-o", program, ".")); code != 0 {
				t.Fatalf("go build: %s", stderr)
			}
			stdout, stderr, code := run(t, exec.Command(program, "catalogue"))
			want := "loadstone-guest: requirements/" + area + ".yaml has no spec: suites/all links in no suite of that area\n"
			if code != 3 || stdout != "" || stderr != want {
				t.Errorf("exit code %d, catalogue of %d bytes, and it says %q; want 3, none, %q",
					code, len(stdout), stderr, want)
			}
		})
	}
}

func write(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWrongUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"list"}, {"catalogue", "numa"}, {"run", "order.json"}} {
		stdout, stderr, code := run(t, guestProgram(args...))
		if code != 3 || stdout != "" || !strings.HasPrefix(stderr, "loadstone-guest: usage: ") {
			t.Errorf("%q: exit code %d, %q, and it says %q", args, code, stdout, stderr)
		}
	}
}

// ordered runs an order as the host does on its own kernel: with namespaces of its own, and records
// on descriptor 3.
func ordered(t *testing.T, text []byte) (records []record.Record, stderr string, code int) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("an order is carried out by root alone: run make test, or sudo go test")
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	cmd := guestProgram("run")
	cmd.Stdin = bytes.NewReader(text)
	cmd.ExtraFiles = []*os.File{writer}
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET}
	heard := make(chan []record.Record)
	go func() {
		var all []record.Record
		lines := bufio.NewScanner(reader)
		lines.Buffer(nil, record.MaxLen+1)
		for lines.Scan() {
			rec, err := record.Parse(lines.Bytes())
			if err != nil {
				t.Errorf("%v: %s", err, lines.Bytes())
				continue
			}
			all = append(all, rec)
		}
		if err := lines.Err(); err != nil {
			t.Error(err)
		}
		heard <- all
	}()
	_, stderr, code = run(t, cmd)
	writer.Close()
	return <-heard, stderr, code
}

func TestAnOrderIsCarriedOut(t *testing.T) {
	order := record.Order{
		Run: "test", Kernel: "native", Specs: []string{record.TrialSpec},
		Loader: record.Loader{Name: "reference", Builtin: "reference"},
		Limits: record.Limits{Request: time.Minute, Spec: time.Minute},
	}
	text, err := order.Text()
	if err != nil {
		t.Fatal(err)
	}
	records, stderr, code := ordered(t, text)
	if code != 0 || len(records) < 2 {
		t.Fatalf("exit code %d, %d records: %s", code, len(records), stderr)
	}
	finish, _ := records[len(records)-2].(record.Finish)
	if finish.Spec != record.TrialSpec || finish.Outcome != record.Passed {
		t.Errorf("the record before the last is %+v", records[len(records)-2])
	}
	if diff := cmp.Diff(record.Record(record.End{Specs: 1}), records[len(records)-1]); diff != "" {
		t.Error(diff)
	}
}

func TestOrdersThatCannotBeCarriedOut(t *testing.T) {
	text := func(change func(*record.Order)) []byte {
		order := record.Order{
			Specs: []string{record.TrialSpec}, Loader: record.Loader{
				Name: "reference", Builtin: "reference",
			}, Limits: record.DefaultLimits,
		}
		change(&order)
		text, err := order.Text()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for name, tc := range map[string]struct {
		order []byte
		want  string
	}{
		"none":           {nil, "bad order: "},
		"rubbish":        {[]byte("carry on"), "bad order: "},
		"no such spec":   {text(func(o *record.Order) { o.Specs = []string{"numa.nowhere"} }), "impossible order: no spec is named numa.nowhere"},
		"no such loader": {text(func(o *record.Order) { o.Loader.Builtin = "libbpf" }), `no loader "libbpf" is linked in`},
		"no loader":      {text(func(o *record.Order) { o.Loader.Builtin = "" }), "loader reference: neither linked in nor a command"},
	} {
		t.Run(name, func(t *testing.T) {
			records, stderr, code := ordered(t, tc.order)
			if code != 3 || len(records) > 0 || !strings.HasPrefix(stderr, "loadstone-guest: "+tc.want) {
				t.Errorf("exit code %d, %d records, and it says %q; want 3, none, %q", code,
					len(records), stderr, tc.want)
			}
		})
	}
}
