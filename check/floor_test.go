// SPDX-License-Identifier: Apache-2.0

package check

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// small is a table of four kernels.
const small = `{"kernels": [{"series": "5.10"}, {"series": "6.1"}, {"series": "6.12"}, {"series": "7.3"}],
	"asked": {
		"map_type": {"++++": "1-5 27", "--++": "33", "----": "40", "?+++": "41", "-???": "42", "????": "43", "-+-+": "44"},
		"helper 6": {"++++": "1-3", "-+++": "181"},
		"helper_id": {"++++": "1-3", "-+++": "181"},
		"program_type": {"++++": "6 26"}
	}}`

func smallTable(t *testing.T) *Floors {
	t.Helper()
	table, err := ParseFloors([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// using returns an object that needs some things.
func using(probes ...string) *Object {
	o := &Object{Label: "x.o"}
	for _, p := range probes {
		cause := CauseMapType
		switch {
		case strings.HasPrefix(p, "helper"):
			cause = CauseHelper
		case strings.HasPrefix(p, "kfunc"):
			cause = CauseKfunc
		}
		o.Needs.need(Need{Probe: p, Cause: cause, What: "<" + p + ">", Who: "map m"})
	}
	return o
}

func TestBounds(t *testing.T) {
	table := smallTable(t)
	for _, tt := range []struct {
		needs []string
		want  []string
	}{
		{nil, nil},
		{[]string{"map_type 1", "program_type 6"}, []string{"lower bound: 5.10, the oldest kernel of the table, has what it uses"}},
		{[]string{"map_type 1", "map_type 33"}, []string{"lower bound: after 6.1, by 6.12, for <map_type 33> (map m)"}},
		{[]string{"map_type 33", "helper 6 181"}, []string{"lower bound: after 6.1, by 6.12, for <map_type 33> (map m)"}},
		{[]string{"helper 6 181"}, []string{"lower bound: after 5.10, by 6.1, for <helper 6 181> (map m)"}},
		{[]string{"helper 26 181"}, []string{"lower bound: after 5.10, by 6.1, for <helper 26 181>, which 5.10 lacks in those of any type (map m)"}},
		{[]string{"map_type 40"}, []string{"lower bound: after 7.3, the newest kernel of the table, for <map_type 40> (map m)"}},
		{[]string{"map_type 41"}, []string{"lower bound: by 6.1; of older kernels the table cannot tell"}},
		{[]string{"map_type 42"}, []string{"lower bound: after 5.10, for <map_type 42> (map m); of newer kernels the table cannot tell"}},
		{[]string{"map_type 43"}, []string{"lower bound: not known, as the table cannot tell who has what it uses"}},
		{[]string{"map_type 44", "map_type 33"}, []string{"lower bound: after 6.12, by 7.3, for <map_type 44> (map m)"}},
		// What the table lacks is never taken for something that every kernel has.
		{[]string{"map_type 99"}, []string{"the bound leaves out what is not in the table: <map_type 99>"}},
		{[]string{"helper 6 999"}, []string{"the bound leaves out what is not in the table: <helper 6 999>"}},
		{[]string{"kfunc f"}, []string{"the bound leaves out what is not in the table: <kfunc f>"}},
		{
			[]string{"map_type 1", "kfunc f", "kfunc g", "map_type 98"},
			[]string{
				"lower bound: 5.10, the oldest kernel of the table, has what it uses",
				"the bound leaves out what is not in the table: 1 × map-type and 2 × kfunc",
			},
		},
	} {
		if diff := cmp.Diff(tt.want, table.Of(using(tt.needs...)).Lines()); diff != "" {
			t.Errorf("%q: %s", tt.needs, diff)
		}
	}
}

// What the settings leave out is not needed, unless something else needs it.
func TestBoundOfWhatSettingsLeave(t *testing.T) {
	table, no := smallTable(t), false
	o := using("map_type 33")
	o.Setting.Maps = map[string]MapSetting{"m": {AutoCreate: &no}}
	if lines := table.Of(o).Lines(); lines != nil {
		t.Errorf("map that is not created: %q", lines)
	}
	o.Needs.need(Need{Probe: "map_type 33", Who: "map n"})
	if f := table.Of(o); f.After != "6.1" || f.By != "6.12" {
		t.Errorf("of two maps one is not created: after %q, by %q", f.After, f.By)
	}
	o = &Object{}
	o.Needs.need(Need{Probe: "helper 6 181", Who: "program p"})
	for _, s := range []Program{{AutoLoad: &no}, {Type: "tc"}} {
		o.Setting.Programs = map[string]Program{"p": s}
		if lines := table.Of(o).Lines(); lines != nil {
			t.Errorf("program with %+v: %q", s, lines)
		}
	}
}

func TestDisagreements(t *testing.T) {
	table := smallTable(t)
	for _, tt := range []struct {
		name   string
		needs  []string
		kernel string
		cause  Cause
		lacks  string // as the kernel was probed
		want   string // a part; "" for agreement
	}{
		{"loads where it can", []string{"map_type 33"}, "6.12.1-amd64", "", "", ""},
		{"loads below", []string{"map_type 1", "map_type 33"}, "6.1.192-3", "", "", "lacks <map_type 33>"},
		{"loads between two that lack it", []string{"map_type 33"}, "5.15", "", "", "lacks <map_type 33>"},
		{"loads below the table", []string{"map_type 33"}, "4.19", "", "", "lacks <map_type 33>"},
		{"loads in the gap", []string{"map_type 33"}, "6.6", "", "", ""},
		{"loads above the table", []string{"map_type 40"}, "8.0", "", "", ""},
		{"loads, and the table knows nothing", []string{"map_type 99"}, "5.10", "", "", ""},
		{"a kernel without a version", []string{"map_type 33"}, "mine", "", "", ""},
		{"refused below", []string{"map_type 33"}, "6.1", CauseMapType, "map_type 33", ""},
		{"refused above for what the table has", []string{"map_type 33"}, "6.12", CauseMapType, "map_type 33", "the table says that it has that"},
		{"refused above for what is not in the table", []string{"map_type 1", "kfunc f"}, "6.12", CauseKfunc, "kfunc f", "too low here"},
		{"refused below for what is not in the table", []string{"map_type 33", "kfunc f"}, "5.10", CauseKfunc, "kfunc f", ""},
		{"refused by the verifier", []string{"map_type 1"}, "6.12", CauseVerifier, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := using(tt.needs...)
			a := Answer{Object: o, Cause: tt.cause, Verdict: verdict.Verdict{
				Cell: verdict.Cell{Kernel: tt.kernel}, Kind: verdict.Pass, Checked: &record.Checked{},
			}}
			if tt.cause != "" {
				a.Verdict.Kind = verdict.Refused
			}
			for _, n := range o.Needs.All {
				if n.Probe == tt.lacks {
					a.Lacks = append(a.Lacks, n)
				}
			}
			got := table.Of(o).Disagrees(a)
			if (got != "") != (tt.want != "") || !strings.Contains(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// The bound and what contradicts it are on the screen, in the summary and in the reports.
func TestBoundIsShown(t *testing.T) {
	o := using("map_type 33")
	as := answered(o, []string{"5.10", "6.12"}, []string{"one", "two"}, func(k, l string) Cause {
		if k == "5.10" && l == "one" {
			return CauseMapType
		}
		return ""
	})
	as.Floors = smallTable(t)
	bound := "lower bound: after 6.1, by 6.12, for <map_type 33> (map m)"
	against := "two on 5.10 — it loads, and the table says that the kernel lacks <map_type 33>: " +
		"what uses that may never be loaded or run"
	lines := as.about(o)
	for _, want := range []string{bound, against} {
		if !slices.Contains(lines, want) {
			t.Errorf("no %q in %q", want, lines)
		}
	}
	if text := string(as.Summary()); !strings.Contains(text, "lower bound: after 6.1, by 6.12") {
		t.Errorf("summary:\n%s", text)
	}
	f := as.File(verdict.Run{}, verdict.End{Notes: []string{"x.o: " + against, "another"}})
	if diff := cmp.Diff([]string{"x.o: " + against, "another"}, f.End.Notes); diff != "" {
		t.Error(diff)
	}
	for _, v := range f.Verdicts {
		if !strings.Contains(v.Detail, bound) {
			t.Errorf("%s: detail %q", v.Cell, v.Detail)
		}
	}
	want := &verdict.Floor{After: "6.1", By: "6.12", For: []string{"map_type 33"}}
	if diff := cmp.Diff(want, as.Floors.Of(o).Verdict()); diff != "" {
		t.Error(diff)
	}
}

func TestBadTablesAreRefused(t *testing.T) {
	const kernels = `"kernels": [{"series": "5.10"}, {"series": "6.1"}]`
	for name, text := range map[string]string{
		"no JSON":            `{`,
		"no kernels":         `{"kernels": [], "asked": {}}`,
		"kernels out of row": `{"kernels": [{"series": "6.1"}, {"series": "5.10"}]}`,
		"an answer too few":  `{` + kernels + `, "asked": {"map_type": {"+": "1"}}}`,
		"no answer":          `{` + kernels + `, "asked": {"map_type": {"+x": "1"}}}`,
		"two answers":        `{` + kernels + `, "asked": {"map_type": {"++": "1-3", "-+": "2"}}}`,
		"no number":          `{` + kernels + `, "asked": {"map_type": {"++": "1-x"}}}`,
		"backward":           `{` + kernels + `, "asked": {"map_type": {"++": "3-1"}}}`,
		"huge":               `{` + kernels + `, "asked": {"map_type": {"++": "1-99999999"}}}`,
	} {
		if _, err := ParseFloors([]byte(text)); !errors.Is(err, ErrFloors) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRangesAreReadAsWritten(t *testing.T) {
	for text, numbers := range map[string][]int{
		"": nil, "0": {0}, "1-3 5 7-8": {1, 2, 3, 5, 7, 8},
	} {
		if got := Ranges(numbers); got != text {
			t.Errorf("%v: %q", numbers, got)
		}
		if got, err := parseRanges(text); err != nil || !slices.Equal(got, numbers) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

// The committed table agrees with when commits of the kernel added things, and knows all that the
// library which reads objects can name but for what no probe exists for.
func TestTheTableAgreesWithTheKernelsHistory(t *testing.T) {
	table, err := ReadFloors()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		probe string
		since string // the kernel's release with it
	}{
		{"map_type 27", "5.8"},      // ring buffer, 457f44363a88
		{"map_type 30", "5.16"},     // bloom filter, 9330986c0300
		{"map_type 31", "6.1"},      // user ring buffer, 583c1f420173
		{"map_type 32", "6.2"},      // storage of cgroups, c4bcfb38a95e
		{"map_type 33", "6.9"},      // arena, 317460317a02
		{"program_type 6", "4.8"},   // XDP, 6a773a15a1e8
		{"program_type 31", "5.14"}, // syscall, 79a7f8bdb159
		{"program_type 32", "6.4"},  // netfilter, fd9c663b9ad6
		{"helper 6 181", "5.17"},    // bpf_loop, e6f2dd0f8067
		{"helper 6 130", "5.8"},     // bpf_ringbuf_output, 457f44363a88
		{"helper 2 174", "5.15"},    // bpf_get_attach_cookie, 7adfc6c9b315
		{"helper 6 208", "6.1"},     // bpf_ktime_get_tai_ns, c8996c98f703
	} {
		answers := table.answers(tt.probe)
		if answers == "" {
			t.Errorf("%s is not in the table", tt.probe)
			continue
		}
		for i, k := range table.Kernels {
			want := byte(Has)
			if CompareSeries(k.Series, tt.since) < 0 {
				want = Lacks
			}
			if answers[i] != want {
				t.Errorf("%s on %s: %c, want %c", tt.probe, k.Series, answers[i], want)
			}
		}
	}
	for m := ebpf.Hash; m <= ebpf.Arena; m++ {
		if need := using("map_type " + Ranges([]int{int(m)})); len(table.Of(need).Unknown) > 0 {
			t.Errorf("map type %s is not in the table: run make floors", m)
		}
	}
	for p := ebpf.SocketFilter; p <= ebpf.Netfilter; p++ {
		if need := using("program_type " + Ranges([]int{int(p)})); len(table.Of(need).Unknown) > 0 {
			t.Errorf("program type %s is not in the table: run make floors", p)
		}
	}
}

// Of objects that are built here, the types and helpers that they use are in the table.
func TestTheTableKnowsWhatObjectsUse(t *testing.T) {
	table, err := ReadFloors()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		object objects.Object
		after  string
	}{{objects.MapDefs.Counter, ""}, {objects.MapDefs.Arena, "6.1"}} {
		o := &Object{Needs: read(tt.object.ELF())}
		f := table.Of(o)
		if f.After != tt.after || f.By == "" || len(f.Unknown) > 0 {
			t.Errorf("%s: after %q, want %q; by %q; not known: %v", tt.object.Name(), f.After, tt.after, f.By, f.Unknown)
		}
	}
}
