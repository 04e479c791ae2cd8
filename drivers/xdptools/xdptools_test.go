// SPDX-License-Identifier: Apache-2.0

package xdptools

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/drivers/command"
	"github.com/loadstone-bpf/loadstone/loader"
)

func TestVersion(t *testing.T) {
	for output, want := range map[string][2]string{
		"xdp-loader version 1.3.1 using libbpf version 1.1.2":               {"1.3.1", "1.1.2"},
		"a warning\nxdp-loader version 1.6.3 using libbpf version 1\n":      {"1.6.3", "1"},
		"xdp-loader version v1.5.4 using libbpf version v1.5.0\nand more\n": {"1.5.4", "1.5.0"},
	} {
		version, libbpf, err := parseVersion(output)
		if diff := cmp.Diff(want, [2]string{version, libbpf}); diff != "" || err != nil {
			t.Errorf("%q: %v\n%s", output, err, diff)
		}
	}
	for _, output := range []string{"", "xdp-loader", "xdp-filter version 1.3.1 using libbpf version 1"} {
		if version, _, err := parseVersion(output); !errors.Is(err, errVersion) {
			t.Errorf("%q: %q, %v", output, version, err)
		}
	}
}

const head = `CURRENT XDP PROGRAM STATUS:

Interface        Prio  Program name      Mode     ID   Tag               Chain actions
--------------------------------------------------------------------------------------
`

func TestStatus(t *testing.T) {
	for name, tt := range map[string]struct {
		printed string
		want    chain
	}{
		"nothing": {"lsx0                   <No XDP program loaded!>\n", chain{Programs: []component{}}},
		"a program alone": {
			"lsx0                   count             skb      26   57cd311f2e27366b \n",
			chain{Mode: "skb", Programs: []component{}},
		},
		"a chain": {
			"lsx0                   xdp_dispatcher    native   50   d51e469e988d81da \n" +
				" =>              10    first                      55   57cd311f2e27366b  XDP_PASS,XDP_TX\n" +
				" =>              50    last                       57   07cd311f2e27366b  \n",
			chain{Mode: "native", Dispatcher: 50, Programs: []component{
				{55, "first", "57cd311f2e27366b", 10, []string{"pass", "tx"}, 0},
				{57, "last", "07cd311f2e27366b", 50, []string{}, 1},
			}},
		},
	} {
		got, err := parseStatus(head + tt.printed)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(&tt.want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	for _, printed := range []string{
		"lsx0  xdp_dispatcher  native  fifty  d51e469e988d81da \n",
		" =>  high  first  55  57cd311f2e27366b  XDP_PASS\n",
		" =>  10  first  55x  57cd311f2e27366b  XDP_PASS\n",
	} {
		if got, err := parseStatus(head + printed); !errors.Is(err, errStatus) {
			t.Errorf("%q: %+v, %v", printed, got, err)
		}
	}
}

func FuzzStatus(f *testing.F) {
	f.Add(head + " =>  10  first  55  57cd311f2e27366b  XDP_PASS\n")
	f.Fuzz(func(t *testing.T, printed string) {
		got, err := parseStatus(printed)
		if (got == nil) != (err != nil) {
			t.Fatalf("%+v, %v", got, err)
		}
	})
}

func TestExitStatuses(t *testing.T) {
	for status, want := range map[int]loader.Class{
		1:       loader.Unclassified,
		256 - 2: loader.NotFound, 256 - 7: loader.Limit, 256 - 16: loader.Busy,
		256 - 22: loader.Invalid, 256 - 95: loader.NotSupported,
		95: loader.Malformed, 89: loader.Verifier, 91: loader.BadRelocation,
	} {
		if got := refuses()[status]; got != want {
			t.Errorf("status %d: %q, want %q", status, got, want)
		}
	}
}

func TestCommands(t *testing.T) {
	for op, want := range map[loader.Op]string{
		loader.OpChainAdd:    "load -m skb -P 10 -A XDP_PASS,XDP_TX -n p dev o",
		loader.OpChainRemove: "unload -i 7 dev",
		loader.OpChainClean:  "clean dev",
		loader.OpQuery:       "status dev",
	} {
		argv, err := table.Command(op, command.Values{
			"mode": {"-m", "skb"}, "priority": {"-P", "10"}, "which": {"-i", "7"}, "pins": nil,
			"actions": wordsOf([]loader.XDPAction{loader.Pass, loader.TX}), "program": {"p"},
			"device": {"dev"}, "object": {"o"},
		})
		if got := strings.Join(argv, " "); got != xdpLoader+" "+want || err != nil {
			t.Errorf("%s: %s, %v", op, got, err)
		}
	}
}

func TestObjectThatTheCommandIsNotFor(t *testing.T) {
	of := func(sections ...string) *command.Object {
		o := &command.Object{}
		for _, section := range sections {
			o.Programs = append(o.Programs, command.Program{Name: "p", Section: section})
		}
		return o
	}
	for _, o := range []*command.Object{of(), of("xdp", "xdp"), of("socket"), of("xdp_metadata")} {
		if _, lacks := onlyProgram(o); lacks == nil {
			t.Errorf("%+v is loaded", o)
		}
	}
	for _, o := range []*command.Object{nil, of("xdp"), of("xdp.frags"), of("xdp/devmap")} {
		if _, lacks := onlyProgram(o); lacks != nil {
			t.Errorf("%+v: %+v", o, lacks)
		}
	}
}

func TestOptionsThatTheCommandLacks(t *testing.T) {
	for _, o := range []loader.OpenOptions{
		{IgnoreUnknownFields: true}, {Handlers: []loader.Handler{loader.MapSectionHandler}},
		{PinMount: "/bpf"}, {PinIDs: map[string]string{"7": "x"}}, {Kconfig: "CONFIG_HZ=1"},
		{TokenPath: "/bpf"}, {MapLayout: loader.LegacyLayout},
	} {
		if _, lacks := (&tool{}).Open(loader.Open{Options: o}); lacks == nil {
			t.Errorf("%+v is followed", o)
		}
	}
	if _, lacks := (&tool{}).Open(loader.Open{Options: loader.OpenOptions{PinRoot: "/bpf"}}); lacks != nil {
		t.Errorf("a folder of pins: %+v", lacks)
	}
}

func TestClaims(t *testing.T) {
	all := claims()
	if unknown := loader.UnknownFeatures(all); len(unknown) > 0 {
		t.Errorf("claims %v", unknown)
	}
	for feature, claim := range all {
		if claim.Support != loader.Yes && claim.Reason == "" {
			t.Errorf("%s is %s for no reason", feature, claim.Support)
		}
	}
}
