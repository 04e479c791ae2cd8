// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/structops"
	"github.com/loadstone-bpf/loadstone/structops/structopstest"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// ops runs loadstone ops with arguments.
func ops(t *testing.T, args ...string) (stdout string, code int, err error) {
	t.Helper()
	root := newRootCommand()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(append([]string{"ops"}, args...))
	err = root.ExecuteContext(t.Context())
	return out.String(), exitCode(err), err
}

func TestOpsOutcomesHaveExitCodesOfTheirOwn(t *testing.T) {
	used := map[int]bool{verdict.ExitClean: true, verdict.ExitFailed: true, verdict.ExitUsage: true, verdict.ExitHarness: true}
	for _, c := range opsCodes {
		if used[c.code] {
			t.Errorf("%d is used twice", c.code)
		}
		used[c.code] = true
		if got := exitCode(opsOutcome(fmt.Errorf("bpf_cubic: %w", c.reason))); got != c.code {
			t.Errorf("%v: exit code %d, want %d", c.reason, got, c.code)
		}
		for _, cmd := range []string{"ops", "ops insert", "ops remove"} {
			found, _, err := newRootCommand().Find(strings.Fields(cmd))
			if err != nil || !strings.Contains(found.Long+"\n", fmt.Sprintf("\n  %d  %s\n", c.code, c.means)) {
				t.Errorf("%s --help does not say what %d means (%v)", cmd, c.code, err)
			}
		}
	}
	page, err := os.ReadFile("../../docs/ops.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range opsCodes {
		if !bytes.Contains(page, fmt.Appendf(nil, "\n| %d | %s |\n", c.code, c.means)) {
			t.Errorf("docs/ops.md does not say what %d means", c.code)
		}
	}
	for _, tt := range []struct {
		err  error
		want int
	}{
		{nil, verdict.ExitClean},
		{fmt.Errorf("%w x", structops.ErrName), verdict.ExitUsage},
		{&structops.AmbiguousError{Name: "cc"}, verdict.ExitUsage},
		{fmt.Errorf("/tmp: %w", structops.ErrNoBPFFS), verdict.ExitHarness},
		{fs.ErrPermission, verdict.ExitHarness},
		{errors.New("disk full"), verdict.ExitHarness},
	} {
		if got := exitCode(opsOutcome(tt.err)); got != tt.want {
			t.Errorf("%v: exit code %d, want %d", tt.err, got, tt.want)
		}
	}
}

func TestOpsWrongUsage(t *testing.T) {
	for args, says := range map[string]string{
		"frobnicate":           `unknown command "frobnicate"`,
		"show":                 "accepts 1 arg",
		"show a --measure -1s": "--measure: want a duration",
		"remove":               "accepts 1 arg",
		"remove a b":           "accepts 1 arg",
		"remove a --wait -1s":  "--wait: want a duration",
		"remove a --wait x":    "invalid argument",
		"show ''":              "name of the structure is empty",
		"remove ''":            "name of the structure is empty",
		"show id:x":            "want an id after id:",
		"insert a --bpffs ''":  "--bpffs: the name of the folder is empty",
	} {
		words := strings.Fields(args)
		for i, word := range words {
			words[i] = strings.Trim(word, "'")
		}
		_, code, err := ops(t, words...)
		if code != verdict.ExitUsage || err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: exit code %d, %v; want %d and %q", args, code, err, verdict.ExitUsage, says)
		}
	}
}

func number(n uint64) *uint64                 { return &n }
func duration(d time.Duration) *time.Duration { return &d }
func process(pid int, name string) structops.Process {
	return structops.Process{PID: pid, Command: name}
}

// structures are what the formatting tests show.
var structures = []structops.Structure{
	{
		ID: 41, Map: "cubic_ops", Name: "bpf_cubic", Type: "tcp_congestion_ops", Module: "vmlinux",
		State: "INUSE", Registered: true, RegisteredBy: structops.ByUpdate, References: 3,
		Counting: structops.CountingSysctl, Pins: []string{"/sys/fs/bpf/loadstone/ops/cubic_ops/map"},
		Members: []structops.Member{
			{Name: "ssthresh", Program: &structops.Program{
				ID: 7, Name: "cubic_ssthresh", Tag: "c140768edde9f8a5",
				Runs: number(12), RunTime: duration(3400 * time.Nanosecond),
			}},
			{Name: "cong_avoid", Program: &structops.Program{ID: 8}},
			{Name: "init", Zero: true},
			{Name: "name", Value: `"bpf_cubic"`},
			{Name: "", Value: "{ .u = 1 }"},
			{Name: "flags", Value: "0", Zero: true},
		},
	},
	{
		ID: 52, Map: "simple.ops", Name: "simple", Type: "sched_ext_ops", Module: "vmlinux",
		State: "READY", Registered: true, RegisteredBy: structops.ByLink, References: 1,
		Counting: structops.CountingOff,
		Members:  []structops.Member{{Name: "init", Program: &structops.Program{ID: 9, Name: "simple_init", Tag: "e1425229c865ac8b"}}},
		Links: []structops.Link{{
			ID: 5, Pins: []string{"/sys/fs/bpf/l"}, Holders: []structops.Process{process(77, "scx"), process(78, "other")},
		}},
		Holders: []structops.Process{process(77, "scx")},
	},
	{
		ID: 60, Map: "test", Type: "bpf_testmod_ops", Module: "bpf_testmod", State: "TOBEFREE",
		RegisteredBy: structops.ByUpdate, References: 1, Counting: structops.CountingOff,
	},
}

func TestOpsListIsATable(t *testing.T) {
	var out bytes.Buffer
	if err := writeStructures(&out, structures); err != nil {
		t.Fatal(err)
	}
	want := `ID  NAME       MAP         TYPE                           STATE     REFS  PROGRAMS  REGISTERED  PINS  HELD BY
41  bpf_cubic  cubic_ops   tcp_congestion_ops             INUSE     3     2         update      1     -
52  simple     simple.ops  sched_ext_ops                  READY     1     1         link 5      1     77 (scx), 78 (other)
60  -          test        bpf_testmod_ops [bpf_testmod]  TOBEFREE  1     0         no          0     -
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestOpsShowIsAPage(t *testing.T) {
	for i, want := range []string{`tcp_congestion_ops bpf_cubic (id 41)
  map         cubic_ops
  module      vmlinux
  state       INUSE, registered by update
  references  3: its registration, and 2 users in the kernel
  pins        /sys/fs/bpf/loadstone/ops/cubic_ops/map
  held by     no process
  runs        counted, as kernel.bpf_stats_enabled says

  MEMBER      PROGRAM  NAME            TAG               RUNS  TIME
  ssthresh    7        cubic_ssthresh  c140768edde9f8a5  12    3.4µs
  cong_avoid  8        -               gone              -     -

struct tcp_congestion_ops cubic_ops = {
	.ssthresh = cubic_ssthresh,
	.cong_avoid = program_8,
	.name = "bpf_cubic",
	{ .u = 1 },
	/* 2 more are zero */
};
`, `sched_ext_ops simple (id 52)
  map         simple.ops
  module      vmlinux
  state       READY, registered by link 5
  references  1: its registration, and 0 users in the kernel
  pins        none
  held by     77 (scx)
  runs        not counted: kernel.bpf_stats_enabled is 0 (--measure 1s counts for a second)
  link 5      pinned /sys/fs/bpf/l, held by 77 (scx), 78 (other)

  MEMBER  PROGRAM  NAME         TAG
  init    9        simple_init  e1425229c865ac8b

struct sched_ext_ops simple_ops = {
	.init = simple_init,
	/* 0 more are zero */
};
`, `bpf_testmod_ops test (id 60)
  map         test
  module      bpf_testmod
  state       TOBEFREE, not registered
  references  1: 1 user in the kernel
  pins        none
  held by     no process
  runs        not counted: kernel.bpf_stats_enabled is 0 (--measure 1s counts for a second)

struct bpf_testmod_ops test = {
	/* 0 more are zero */
};
`} {
		var out bytes.Buffer
		if err := writeStructure(&out, structures[i], 0); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("%s: -want +got\n%s", structures[i].Map, diff)
		}
	}
}

// One structure through its life, as who calls the command sees it.
func TestOpsOnARealKernel(t *testing.T) {
	const name = "ls_ops_life"
	c, err := structopstest.Register(name, name, false)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := structopstest.Connect(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	step := func(want int, says string, args ...string) {
		t.Helper()
		out, code, err := ops(t, args...)
		if code != want || !strings.Contains(out+fmt.Sprint(err), says) {
			t.Errorf("%s: exit code %d, want %d and %q\n%s%v", args, code, want, says, out, err)
		}
	}
	step(0, name, "list")
	step(0, "INUSE, registered by update", "show", name)
	step(0, "cong_avoid", "show", name, "--measure", "10ms", "--json")
	step(exitInUse, "unregistered tcp_congestion_ops "+name, "remove", name)
	step(0, "TOBEFREE, not registered", "show", name)
	step(exitBeingFreed, "1 user in the kernel", "remove", name)
	step(exitBeingFreed, "\"done\": [],\n  \"outcome\": \"being freed\"", "remove", name, "--json")
	if err := connection.Close(); err != nil {
		t.Fatal(err)
	}
	step(exitNotThere, "see loadstone ops list", "show", name)
	step(exitNotThere, "see loadstone ops list", "remove", name)
}

// How removing ends has a word of its own in JSON wherever it has an exit code of its own.
func TestOpsOutcomesHaveWords(t *testing.T) {
	words := map[string]bool{}
	for _, err := range []error{
		nil, structops.ErrNotThere, structops.ErrInUse, structops.ErrBeingFreed, structops.ErrHeld,
		errors.New("disk full"),
	} {
		word := opsOutcomeOf(err)
		if words[word] {
			t.Errorf("%v: %q is used twice", err, word)
		}
		words[word] = true
		help, _, err := newRootCommand().Find([]string{"ops", "remove"})
		if err != nil || !strings.Contains(strings.ReplaceAll(help.Long, "\n", " "), word) {
			t.Errorf("ops remove --help does not say %q (%v)", word, err)
		}
	}
}
