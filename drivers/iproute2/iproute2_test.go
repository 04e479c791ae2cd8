// SPDX-License-Identifier: Apache-2.0

package iproute2

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/drivers/command"
	"github.com/loadstone-bpf/loadstone/loader"
)

func TestVersion(t *testing.T) {
	for output, want := range map[string][2]string{
		"tc utility, iproute2-6.1.0, libbpf 1.1.2":  {"6.1.0", "1.1.2"},
		"tc utility, iproute2-5.9.0, libbpf 0.3.0":  {"5.9.0", "0.3.0"},
		"ip utility, iproute2-7.2.0, libbpf 1.7.0":  {"7.2.0", "1.7.0"},
		"tc utility, iproute2-6.1.0":                {"6.1.0", ""},
		"a warning\ntc utility, iproute2-v6.15.0\n": {"6.15.0", ""},
		"tc utility, iproute2-6.1.0, libbpf v1":     {"6.1.0", "1"},
	} {
		version, libbpf, err := parseVersion(output)
		if diff := cmp.Diff(want, [2]string{version, libbpf}); diff != "" || err != nil {
			t.Errorf("%q: %v\n%s", output, err, diff)
		}
	}
	for _, output := range []string{"", "tc", "tc utility, iproute2-ss200127",
		"bridge utility, 0.0"} {
		if version, _, err := parseVersion(output); !errors.Is(err, errVersion) {
			t.Errorf("%q: %q, %v", output, version, err)
		}
	}
}

func FuzzVersion(f *testing.F) {
	f.Add("tc utility, iproute2-6.1.0, libbpf 1.1.2")
	f.Fuzz(func(t *testing.T, output string) {
		if version, _, err := parseVersion(output); (version == "") != (err != nil) {
			t.Errorf("%q, %v", version, err)
		}
	})
}

func object(sections ...string) *command.Object {
	o := &command.Object{Maps: []command.Map{{Name: "m"}}}
	for _, section := range sections {
		o.Programs = append(o.Programs, command.Program{Name: "p", Section: section})
	}
	return o
}

func TestWhatIsRunForAnObject(t *testing.T) {
	xdp := func(section string) string { return "/sbin/ip link set dev lo xdpgeneric obj o sec " + section }
	tc := func(section string) string { return "/sbin/tc filter add dev lo ingress bpf da obj o sec " + section }
	for name, tt := range map[string]struct {
		object      *command.Object
		load, close string
	}{
		"XDP":              {object("xdp"), xdp("xdp"), "/sbin/ip link set dev lo xdpgeneric off"},
		"XDP, named":       {object("xdp/one"), xdp("xdp/one"), "/sbin/ip link set dev lo xdpgeneric off"},
		"the old default":  {object("prog"), xdp("prog"), "/sbin/ip link set dev lo xdpgeneric off"},
		"classifier":       {object("classifier"), tc("classifier"), "/sbin/tc qdisc del dev lo clsact"},
		"tc":               {object("tc/ingress"), tc("tc/ingress"), "/sbin/tc qdisc del dev lo clsact"},
		"action":           {object("action"), tc("action"), "/sbin/tc qdisc del dev lo clsact"},
		"nobody can read":  {nil, xdp("xdp"), "/sbin/ip link set dev lo xdpgeneric off"},
		"a section of tcx": {object("tcx/egress"), tc("tcx/egress"), "/sbin/tc qdisc del dev lo clsact"},
	} {
		r, program, lacks := routeOf(tt.object)
		if lacks != nil {
			t.Errorf("%s: %+v", name, lacks)
			continue
		}
		load, err := r.Command(loader.OpLoad,
			command.Values{"object": {"o"}, "section": {program.Section}})
		if got := strings.Join(load, " "); got != tt.load || err != nil {
			t.Errorf("%s: %s, %v, want %s", name, got, err, tt.load)
		}
		end, err := r.Command(loader.OpClose, nil)
		if got := strings.Join(end, " "); got != tt.close || err != nil {
			t.Errorf("%s: %s, %v, want %s", name, got, err, tt.close)
		}
	}
}

func TestObjectThatNoCommandIsFor(t *testing.T) {
	for name, o := range map[string]*command.Object{
		"without a program":   object(),
		"of two programs":     object("xdp", "xdp"),
		"of another type":     object("socket"),
		"of tracing programs": object("kprobe/x"),
	} {
		if _, _, lacks := routeOf(o); lacks == nil || lacks.Reason == "" {
			t.Errorf("%s: %+v", name, lacks)
		}
	}
}

func TestExitStatuses(t *testing.T) {
	for kind, r := range routes {
		if got := slices.Sorted(maps.Keys(r.Refuses)); !slices.Equal(got, []int{1, 2, 255}) {
			t.Errorf("%s refuses with %v", kind, got)
		}
	}
}

func TestWherePinsGo(t *testing.T) {
	for name, tt := range map[string]struct {
		options loader.OpenOptions
		want    string // of TC_BPF_MNT; empty where the options cannot be followed
	}{
		"nothing said":                  {loader.OpenOptions{}, "/sys/fs/bpf/1"},
		"mount":                         {loader.OpenOptions{PinMount: "/bpf"}, "/bpf"},
		"folder of tc":                  {loader.OpenOptions{PinRoot: "/bpf/tc/globals"}, "/bpf"},
		"folder of xdp":                 {loader.OpenOptions{PinRoot: "/bpf/xdp/globals/"}, "/bpf"},
		"mount and its folder":          {loader.OpenOptions{PinMount: "/bpf", PinRoot: "/bpf/tc/globals"}, "/bpf"},
		"mount and a folder of another": {loader.OpenOptions{PinMount: "/bpf", PinRoot: "/other/tc/globals"}, ""},
		"any folder":                    {loader.OpenOptions{PinRoot: "/sys/fs/bpf/1"}, ""},
		"the root of folders":           {loader.OpenOptions{PinRoot: "/tc/globals"}, ""},
		"layout that it reads anyway":   {loader.OpenOptions{MapLayout: loader.IPRoute2Layout}, "/sys/fs/bpf/1"},
		"layout that begins as its own": {loader.OpenOptions{MapLayout: loader.LegacyLayout}, ""},
		"layout that it does not read":  {loader.OpenOptions{MapLayout: loader.SamplesLayout}, ""},
		"handlers":                      {loader.OpenOptions{Handlers: []loader.Handler{loader.MapSectionHandler}}, ""},
		"to ignore, which is no option": {loader.OpenOptions{IgnoreUnknownFields: true}, ""},
	} {
		tool := &tool{name: builtin, bpffs: "/sys/fs/bpf/1"}
		s, lacks := tool.Open(loader.Open{Options: tt.options})
		switch {
		case (lacks == nil) != (tt.want != ""):
			t.Errorf("%s: %+v", name, lacks)
		case lacks == nil && s.(*session).mount != tt.want:
			t.Errorf("%s: %s, want %s", name, s.(*session).mount, tt.want)
		}
	}
}

func TestNewLibbpfDoesNotReadItsOwnLayout(t *testing.T) {
	for libbpf, reads := range map[string]bool{"": true, "0": true, "0.3.0": true, "1": false,
		"1.1.2": false, "1.7.0": false} {
		if got := (&tool{libbpf: libbpf}).reads(loader.IPRoute2Layout); got != reads {
			t.Errorf("libbpf %q reads bpf_elf_map: %v", libbpf, got)
		}
	}
}

func TestPartOfTheMountFollowsFromTheProgram(t *testing.T) {
	for name, tt := range map[string]struct {
		kind, subdir string
		ok           bool
	}{
		"not said": {"xdp", "", true}, "its own": {"xdp", "xdp", true}, "what its own is a link to": {"xdp", "tc", true},
		"another": {"xdp", "ip", false}, "one that is a link to its own": {"tc", "xdp", false},
	} {
		s := &session{open: loader.Open{Options: loader.OpenOptions{PinSubdir: tt.subdir}}}
		if lacks := s.follow(routes[tt.kind]); (lacks == nil) != tt.ok {
			t.Errorf("%s: %+v", name, lacks)
		}
	}
}

func TestClaimsFollowFromLibbpf(t *testing.T) {
	for libbpf, want := range map[string]map[loader.Feature]loader.Support{
		"":    {loader.BTFMaps: loader.No, loader.LegacyMaps: loader.Partial, loader.Iproute2Maps: loader.Partial, loader.GlobalData: loader.No},
		"0":   {loader.BTFMaps: loader.Partial, loader.LegacyMaps: loader.Partial, loader.Iproute2Maps: loader.Partial, loader.GlobalData: loader.Partial},
		"0.3": {loader.BTFMaps: loader.Partial, loader.LegacyMaps: loader.Partial, loader.Iproute2Maps: loader.Partial, loader.GlobalData: loader.Partial},
		"1.1": {loader.BTFMaps: loader.Partial, loader.LegacyMaps: loader.No, loader.Iproute2Maps: loader.No, loader.GlobalData: loader.Partial},
	} {
		claims := claimsOf(libbpf)
		for feature, support := range want {
			if claims[feature].Support != support {
				t.Errorf("libbpf %q: %s is %q, want %q", libbpf, feature, claims[feature].Support,
					support)
			}
		}
		if claims[loader.OneStep].Support != loader.Yes {
			t.Errorf("libbpf %q: not one-step", libbpf)
		}
		if unknown := loader.UnknownFeatures(claims); len(unknown) > 0 {
			t.Errorf("libbpf %q: claims %v", libbpf, unknown)
		}
		for feature, claim := range claims {
			if claim.Support != loader.Yes && claim.Reason == "" {
				t.Errorf("libbpf %q: %s is %s for no reason", libbpf, feature, claim.Support)
			}
		}
	}
}
