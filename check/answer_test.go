// SPDX-License-Identifier: Apache-2.0

package check

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// ringbuf is an object with two needs.
var ringbuf = &Object{Label: "ringbuf.o", Path: "x/ringbuf.o", Needs: Needs{All: []Need{
	{"map_type 27", CauseMapType, "map type RingBuf", "map events"},
	{"helper 2 130", CauseHelper, "helper bpf_ringbuf_output", "program log"},
	{"field sock sk_x", CauseCORETarget, "field sock.sk_x", ""},
}}}

// refused returns a verdict on an object that a loader refused.
func refused(r record.Refusal, probes ...record.Probe) verdict.Verdict {
	return verdict.Verdict{
		Cell: verdict.Cell{Loader: "l", Kernel: "5.10"}, Kind: verdict.Refused, Reason: "refused",
		Checked: &record.Checked{Refusal: &r, Probes: probes},
	}
}

func TestCauses(t *testing.T) {
	noMap, noHelper := record.Probe{Need: "map_type 27"}, record.Probe{Need: "helper 2 130"}
	noField := record.Probe{Need: "field sock sk_x"}
	unknown := record.Probe{Need: "map_type 27", Unknown: "no right to ask"}
	reported := "0: (85) call bpf_x#130\nprogram of this type cannot use helper bpf_x#130\n\nVerification failed: " +
		"Policy: Operation is not allowed\n\nReason:\n  The helper bpf_x#130 is not allowed.\n\nSuggestion:\n  Use " +
		"another,\n  or\n  none\n  at\n  all.\n\nprocessed 1 insns (limit 1000000)\n"
	log := "func#0 @0\n0: (95) exit\nR0 !read_ok\nprocessed 1 insns (limit 1000000)\n"
	for _, tt := range []struct {
		name string
		v    verdict.Verdict
		want Cause
		says string
	}{
		{"loads", verdict.Verdict{Kind: verdict.Pass, Checked: &record.Checked{}}, "", ""},
		{"map type", refused(record.Refusal{Stage: "load/create", Class: "invalid", Errno: 22}, noMap, noHelper), CauseMapType, "which map events needs"},
		{"map type, told late", refused(record.Refusal{Stage: "load", Class: "invalid", Errno: 22}, noHelper, noMap), CauseMapType, "RingBuf"},
		{"map, its type is there", refused(record.Refusal{Stage: "load/create", Class: "invalid", Errno: 22, Message: "bad flags"}, noHelper), CauseMap, "bad flags"},
		{"map, nobody knows its type", refused(record.Refusal{Stage: "load/create", Class: "invalid", Errno: 22}, unknown), CauseUnknown, ""},
		{"helper at the end of the log", refused(record.Refusal{Stage: "load/verify", Class: "invalid/verifier", Errno: 22, Log: "0: (85) call bpf_x#130\ninvalid func\n"}, noHelper), CauseHelper, "bpf_ringbuf_output"},
		{"helper above the report of 7.3", refused(record.Refusal{Stage: "load/verify", Class: "invalid/verifier", Errno: 22, Log: reported}, noHelper), CauseHelper, "bpf_ringbuf_output"},
		{"verifier above the report of 7.3", refused(record.Refusal{Stage: "load/verify", Class: "invalid/verifier", Errno: 22, Log: reported}), CauseVerifier, "cannot use helper"},
		{"helper that is never called", refused(record.Refusal{Stage: "load/verify", Class: "invalid/verifier", Errno: 22, Log: log}, noHelper), CauseVerifier, "R0 !read_ok"},
		{"helper without a log", refused(record.Refusal{Stage: "load/verify", Class: "invalid", Errno: 22}, noHelper), CauseHelper, ""},
		{"settings", refused(record.Refusal{Op: "set", Stage: "load", Class: "not-found"}), CauseSettings, ""},
		{"field before helper", refused(record.Refusal{Stage: "load/verify", Class: "invalid", Errno: 22, Log: log}, noHelper, noField), CauseCORETarget, "sock.sk_x"},
		{"verifier", refused(record.Refusal{Stage: "load/verify", Class: "invalid", Errno: 13, Log: log}), CauseVerifier, "R0 !read_ok"},
		{"at open nothing is the kernel's", refused(record.Refusal{Stage: "open", Class: "invalid/map-definition", Message: "odd"}, noMap), CauseObject, "odd"},
		{"broken", refused(record.Refusal{Stage: "open", Class: "malformed/elf"}), CauseObject, ""},
		{"not done", refused(record.Refusal{Stage: "open", Class: "not-supported/map-definition", Message: "no"}, noMap), CauseLoader, "no"},
		{"no such feature", refused(record.Refusal{Op: "load", Feature: "token"}), CauseLoader, "token"},
		{"its own word", refused(record.Refusal{Stage: "load", Class: "unclassified", Message: "I will not"}), CauseLoader, "I will not"},
		{"a symbol that nothing defines", refused(record.Refusal{Stage: "load", Class: "not-found/symbol"}), CauseObject, ""},
		{"limit", refused(record.Refusal{Stage: "load/create", Class: "limit", Errno: 12}), CauseLimit, "12"},
		{"permission", refused(record.Refusal{Stage: "load", Class: "permission", Errno: 1}), CausePermission, ""},
		{"nothing is known", refused(record.Refusal{Stage: "load", Class: "invalid", Errno: 22}), CauseUnknown, ""},
		{"crash", verdict.Verdict{Kind: verdict.Crash, Reason: "panic: oops"}, CauseCrash, "oops"},
		{"splat", verdict.Verdict{Kind: verdict.Fail, Splats: []verdict.Splat{{Text: "WARNING: at x"}}, Checked: &record.Checked{}}, CauseSplat, "WARNING"},
		{"loader died", verdict.Verdict{Kind: verdict.Fail, Seen: "the loader died: signal 11"}, CauseLoaderCrash, "signal 11"},
		{"pretends", verdict.Verdict{Kind: verdict.Fail, Seen: "nothing, and the loader says ok"}, CausePretends, ""},
		{"left", verdict.Verdict{Kind: verdict.Fail, Seen: "map 7", Checked: &record.Checked{}}, CauseLeft, "map 7"},
		{"left after a refusal", verdict.Verdict{Kind: verdict.Fail, Seen: "map 7", Checked: &record.Checked{Refusal: &record.Refusal{Stage: "load"}}}, CauseLeft, "map 7"},
		{"hang", verdict.Verdict{Kind: verdict.Broken, Overrun: &verdict.Overrun{Of: "request"}}, CauseHang, ""},
		{"missing", verdict.Verdict{Kind: verdict.Missing, Reason: "no guest"}, CauseUnknown, "no guest"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := Of(ringbuf, tt.v)
			if a.Cause != tt.want || !strings.Contains(a.Why, tt.says) {
				t.Errorf("%q: %q, want %q with %q", a.Cause, a.Why, tt.want, tt.says)
			}
			if a.Unknown() != (tt.v.Kind == verdict.Missing) {
				t.Errorf("unknown: %t", a.Unknown())
			}
		})
	}
	unsized := &Object{ELF: ringbuf.ELF, Needs: Needs{Maps: []string{"events"}, Unsized: []string{"events"}}}
	invalid := refused(record.Refusal{Stage: "load", Class: "invalid", Errno: 22})
	if a := Of(unsized, invalid); a.Cause != CauseMap || !strings.Contains(a.Why, "max_entries") {
		t.Errorf("no max_entries: %s, %s", a.Cause, a.Why)
	}
	sized := uint32(8)
	unsized.Setting.Maps = map[string]MapSetting{"events": {MaxEntries: &sized}}
	if a := Of(unsized, invalid); a.Cause != CauseUnknown {
		t.Errorf("max_entries of the settings: %s, %s", a.Cause, a.Why)
	}
	untyped := &Object{ELF: ringbuf.ELF, Needs: Needs{Untyped: []string{"entry"}}}
	if a := Of(untyped, invalid); a.Cause != CauseLoader || !strings.Contains(a.Why, "program entry") {
		t.Errorf("no type: %s, %s", a.Cause, a.Why)
	}
	untyped.Setting.Programs = map[string]Program{"entry": {Type: "xdp"}}
	if a := Of(untyped, invalid); a.Cause != CauseUnknown {
		t.Errorf("type of the settings: %s, %s", a.Cause, a.Why)
	}
	be := &Object{ELF: []byte("\x7fELF\x02\x02")}
	if a := Of(be, refused(record.Refusal{Stage: "open", Class: "malformed/elf"})); a.Cause != CauseByteOrder {
		t.Errorf("big endian: %s", a.Cause)
	}
}

// answered returns the answers to a check of one object, by kernel and loader; "" loads.
func answered(o *Object, kernels, loaders []string, cause func(kernel, loader string) Cause) Answers {
	as := Answers{Kernels: kernels, Loaders: loaders}
	for _, k := range kernels {
		for _, l := range loaders {
			a := Answer{
				Object: o, Cause: cause(k, l),
				Verdict: verdict.Verdict{Cell: verdict.Cell{Loader: l, Kernel: k}, Kind: verdict.Pass},
			}
			a.Verdict.Checked = &record.Checked{Programs: []record.MadeProgram{{Type: "xdp", Tag: "aa"}}}
			if a.Cause != "" {
				a.Why, a.Verdict.Kind, a.Verdict.Checked = "so", verdict.Refused, nil
			}
			as.All = append(as.All, a)
		}
	}
	return as
}

func TestTable(t *testing.T) {
	o := &Object{Label: "a\x1b[2J.o", Path: "a.o"}
	kernels, loaders := []string{"5.10", "6.1", "6.12"}, []string{"one", "two"}
	for _, tt := range []struct {
		name  string
		cause func(kernel, loader string) Cause
		want  []string // below the table
	}{
		{"loads", func(k, l string) Cause { return "" }, nil},
		{
			"from one kernel on", func(k, l string) Cause {
				if k == "5.10" {
					return CauseMapType
				}
				return ""
			},
			[]string{"every loader: loads from 6.1 on", "every loader on 5.10 — map-type: so"},
		},
		{
			"one loader", func(k, l string) Cause {
				if l == "two" {
					return CauseLoader
				}
				return ""
			},
			[]string{
				"two: loads on none of these kernels", "two on 5.10, 6.1 and 6.12 — loader: so",
				"on 5.10, 6.1 and 6.12 it is loaded by one, and not by two (loader)",
			},
		},
		{
			"a gap", func(k, l string) Cause {
				if k == "6.1" {
					return CauseVerifier
				}
				return ""
			},
			[]string{"every loader: loads on 5.10 and 6.12 only", "every loader on 6.1 — verifier: so"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			as := answered(o, kernels, loaders, tt.cause)
			if diff := cmp.Diff(tt.want, as.about(o)); diff != "" {
				t.Error(diff)
			}
			var b bytes.Buffer
			if err := as.Write(&b); err != nil {
				t.Fatal(err)
			}
			if text := b.String() + string(as.Summary()); strings.Contains(text, "\x1b") {
				t.Errorf("control characters of a name reach the screen: %q", text)
			}
			f := as.File(verdict.Run{}, verdict.End{})
			for i, v := range f.Verdicts {
				if (v.Kind == verdict.Pass) != as.All[i].Loads() {
					t.Errorf("%s on %s is %s in reports", v.LoaderName(), v.Kernel, v.Kind)
				}
			}
		})
	}
}

// What a loader that says little was refused for may be what another says.
func TestUnknownCausesAreCompleted(t *testing.T) {
	o, another := &Object{Label: "a.o"}, &Object{Label: "b.o"}
	as := answered(o, []string{"5.10", "6.1"}, []string{"one", "two"}, func(k, l string) Cause {
		switch {
		case l == "one":
			return CauseUnknown
		case k == "5.10":
			return CauseMap
		}
		return ""
	})
	as.All = append(as.All, answered(another, []string{"5.10"}, []string{"one"}, func(_, _ string) Cause {
		return CauseUnknown
	}).All...)
	as.Complete()
	var got []string
	for _, a := range as.All {
		if a.Cause == CauseUnknown {
			got = append(got, a.Object.Label+" "+a.Verdict.Kernel+" "+a.Why)
		}
	}
	want := []string{"a.o 5.10 so; two says of it: so", "a.o 6.1 so", "b.o 5.10 so"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestCompareNamesWhatDiffers(t *testing.T) {
	o := &Object{Label: "a.o"}
	as := answered(o, []string{"6.12"}, []string{"one", "two", "three"}, func(k, l string) Cause { return "" })
	if lines := Compare(as.All); len(lines) > 0 {
		t.Errorf("equal answers: %q", lines)
	}
	as.All[1].Verdict.Checked = &record.Checked{
		Maps:     []record.MadeMap{{Type: "hash", KeySize: 4, ValueSize: 8, MaxEntries: 2}},
		Programs: []record.MadeProgram{{Type: "xdp", Tag: "aa"}, {Type: "xdp", Tag: "aa"}},
	}
	want := []string{"what the kernel has differs: one and three: program xdp tag aa; " +
		"two: map hash key 4 value 8 entries 2, 2 × program xdp tag aa"}
	as.All[2].Verdict.Loader = "three"
	if diff := cmp.Diff(want, Compare(as.All)); diff != "" {
		t.Error(diff)
	}
}

// The document lists the causes that there are, in the same words.
func TestTheDocumentHasEveryCause(t *testing.T) {
	page, err := os.ReadFile("../docs/check.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range Causes {
		if row := fmt.Sprintf("| `%s` | %s |\n", c.Cause, c.Means); !strings.Contains(string(page), row) {
			t.Errorf("docs/check.md has no row %q", row)
		}
	}
	if got := strings.Count(string(page), "\n| `"); got != len(Causes) {
		t.Errorf("docs/check.md has %d causes, want %d", got, len(Causes))
	}
}
