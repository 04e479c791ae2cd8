// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
	"github.com/loadstone-bpf/loadstone/loaderimpl/xdpchain"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// chain runs loadstone chain with arguments.
func chain(t *testing.T, args ...string) (stdout string, code int, err error) {
	t.Helper()
	root := newRootCommand()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(append([]string{"chain"}, args...))
	err = root.ExecuteContext(t.Context())
	return out.String(), exitCode(err), err
}

func TestChainOutcomesHaveExitCodes(t *testing.T) {
	page, err := os.ReadFile("../../docs/chains.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range chainCodes {
		if got := exitCode(chainOutcome(fmt.Errorf("eth0: %w", c.reason))); got != c.code {
			t.Errorf("%v: exit code %d, want %d", c.reason, got, c.code)
		}
		for _, cmd := range []string{"chain", "chain add", "chain remove", "chain show"} {
			found, _, err := newRootCommand().Find(strings.Fields(cmd))
			if err != nil || !strings.Contains(found.Long+"\n", fmt.Sprintf("\n  %d  %s\n", c.code, c.means)) {
				t.Errorf("%s --help does not say what %d means (%v)", cmd, c.code, err)
			}
		}
		if !bytes.Contains(page, fmt.Appendf(nil, "\n| %d | %s |\n", c.code, c.means)) {
			t.Errorf("docs/chains.md does not say what %d means", c.code)
		}
	}
	for _, tt := range []struct {
		err  error
		want int
	}{
		{nil, verdict.ExitClean},
		{&xdpchain.ForeignError{ID: 3, Name: "x"}, 5},
		{&loaderimpl.Error{Class: loaderimpl.ClassVerifier, Err: errors.New("no")}, 9},
		{&loaderimpl.Error{Class: loaderimpl.ClassIO, Err: errors.New("no")}, verdict.ExitUsage},
		{fmt.Errorf("/tmp: %w", xdpchain.ErrBPFFS), verdict.ExitHarness},
		{errors.New("disk full"), verdict.ExitHarness},
	} {
		if got := exitCode(chainOutcome(tt.err)); got != tt.want {
			t.Errorf("%v: exit code %d, want %d", tt.err, got, tt.want)
		}
	}
}

func TestChainWrongUsage(t *testing.T) {
	for args, says := range map[string]string{
		"frobnicate":               `unknown command "frobnicate"`,
		"show":                     "accepts 1 arg",
		"show no-such-interface":   `interface "no-such-interface"`,
		"show 2147483646":          `interface "2147483646"`,
		"add lo":                   "requires at least 2 arg",
		"add lo a.o --mode hw":     "--mode hw: want native, skb or default",
		"add lo a.o --by tc":       "--by tc: want netlink or link",
		"add lo a.o --libxdp 1":    "--libxdp 1: want 2 or 3",
		"add lo a.o --actions no":  "--actions: \"no\": no verdict of XDP",
		"add lo no-such-file.o":    "no such file",
		"add lo a.o --priority -1": "invalid argument",
		"remove lo":                "name the programs to remove, or give --all",
		"remove lo 3 --all":        "name the programs to remove, or give --all",
		"clean no-such-interface":  `interface "no-such-interface"`,
		"clean a b":                "accepts at most 1 arg",
	} {
		_, code, err := chain(t, strings.Fields(args)...)
		if code != verdict.ExitUsage || err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: exit code %d, %v; want %d and %q", args, code, err, verdict.ExitUsage, says)
		}
	}
}

// twoPrograms is a chain that the formatting tests show.
var twoPrograms = &xdpchain.Chain{
	Interface: "eth0", Index: 3, Mode: "native", By: "netlink", Dispatcher: 17, Version: 3, Frags: true,
	Programs: []xdpchain.Program{
		{ID: 12, Name: "filter", Tag: "ad247eaabed2b548", Slot: 0, Priority: 10, Actions: []string{"pass", "tx"},
			Frags: true, Link: 4, Pinned: true, Runs: number(12), RunTime: duration(3400 * time.Nanosecond)},
		{Slot: 1, Priority: 50, Actions: []string{}},
	},
}

func TestChainsAreATable(t *testing.T) {
	var out bytes.Buffer
	if err := writeChains(&out, []*xdpchain.Chain{twoPrograms}); err != nil {
		t.Fatal(err)
	}
	want := `INTERFACE  MODE    BY       DISPATCHER  VERSION  PROGRAMS
eth0       native  netlink  17          3        filter, unknown
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestAChainIsAPage(t *testing.T) {
	var out bytes.Buffer
	if err := writeChain(&out, twoPrograms); err != nil {
		t.Fatal(err)
	}
	want := `eth0: native mode, dispatcher 17 of version 3 by netlink, packets of several buffers

  SLOT  ID  NAME     TAG               PRIORITY  ACTIONS  LINK  PINNED  RUNS  TIME
  0     12  filter   ad247eaabed2b548  10        pass,tx  4     yes     12    3.4µs
  1     0   unknown                    50        none     0     no      -     -
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// The members are what docs/chains.md says that scripts can use.
func TestAChainAsJSON(t *testing.T) {
	text, err := json.Marshal(twoPrograms)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"interface":"eth0","ifindex":3,"mode":"native","by":"netlink","dispatcher":17,"version":3,` +
		`"frags":true,"dev_bound":false,"static":false,"programs":[{"id":12,"name":"filter","tag":"ad247eaabed2b548","slot":0,` +
		`"priority":10,"actions":["pass","tx"],"frags":true,"link":4,"pinned":true,"runs":12,"run_time_ns":3400},` +
		`{"id":0,"name":"","tag":"","slot":1,"priority":50,"actions":[],"frags":false,"pinned":false}]}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestProgramsOfAChainByNameAndID(t *testing.T) {
	c := &xdpchain.Chain{Programs: []xdpchain.Program{
		{ID: 5, Name: "a"}, {ID: 6, Name: "b"}, {ID: 7, Name: "b"}, {ID: 8, Name: "5x"},
	}}
	got, err := programsNamed(c, []string{"7", "a", "5x"})
	if diff := cmp.Diff([]ebpf.ProgramID{7, 5, 8}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	for name, code := range map[string]int{"b": verdict.ExitUsage, "9": 4, "c": 4} {
		if _, err := programsNamed(c, []string{"a", name}); exitCode(err) != code {
			t.Errorf("%s: %v, exit code %d, want %d", name, err, exitCode(err), code)
		}
	}
}

func TestRemovalAsJSON(t *testing.T) {
	static := &xdpchain.Chain{Interface: "lo", Static: true, Programs: []xdpchain.Program{{Name: "a"}, {Name: "b", Slot: 1}}}
	for what, c := range map[string]struct {
		chain *xdpchain.Chain
		ids   []ebpf.ProgramID
		want  string
	}{
		"one": {
			&xdpchain.Chain{Interface: "lo", Programs: []xdpchain.Program{{ID: 5}, {ID: 6}}}, []ebpf.ProgramID{6},
			`{"interface":"lo","removed":[6],"left":null}`,
		},
		"all": {
			&xdpchain.Chain{Interface: "lo", Programs: []xdpchain.Program{{ID: 5}, {ID: 6}, {}}}, nil,
			`{"interface":"lo","removed":[5,6],"left":null}`,
		},
		"all of a static chain": {static, nil, `{"interface":"lo","removed":[],"left":null}`},
	} {
		got, err := json.Marshal(newChainRemoval(c.chain, programsWithout(c.chain, c.ids), nil))
		if diff := cmp.Diff(c.want, string(got)); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", what, err, diff)
		}
	}
}
