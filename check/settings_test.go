// SPDX-License-Identifier: Apache-2.0

package check

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
)

func settings(t *testing.T, text string) (*Settings, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "s.yaml")
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return ReadSettings(name)
}

func TestSettingsChangeMapsAndPrograms(t *testing.T) {
	s, err := settings(t, `
objects:
  - match: "*.bpf.o"
    maps:
      events: {max_entries: 4096, map_flags: 0x40}
      unused: {autocreate: false}
    programs:
      main: {type: xdp}
      debug: {autoload: false}
  - match: "b/*"
    loads: {kernel: none}
`)
	if err != nil {
		t.Fatal(err)
	}
	of := &Object{Label: "a/x.bpf.o"}
	got, err := s.For(of).Changes(of)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`{"target":"map","name":"events","attribute":"map_flags","value":64}`,
		`{"target":"map","name":"events","attribute":"max_entries","value":4096}`,
		`{"target":"map","name":"unused","attribute":"autocreate","value":false}`,
		`{"target":"program","name":"debug","attribute":"autoload","value":false}`,
		`{"target":"program","name":"main","attribute":"program_type","value":"xdp"}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := s.Unused(); !errors.Is(err, ErrSettings) || !strings.Contains(err.Error(), `"b/*" matches no object`) {
		t.Errorf("unused: %v", err)
	}
	if of := s.For(&Object{Label: "b/y.o"}); of.Loads == nil {
		t.Errorf("b/y.o: %+v", of)
	}
	if err := s.Unused(); err != nil {
		t.Error(err)
	}
}

func TestBadSettings(t *testing.T) {
	for name, text := range map[string]string{
		"empty":                "",
		"no entry":             "objects: []\n",
		"unknown word":         "object: []\n",
		"unknown word inside":  "objects:\n  - match: x\n    map: {}\n",
		"unknown word of map":  "objects:\n  - match: x\n    maps: {m: {size: 3}}\n",
		"unknown word, loads":  "objects:\n  - match: x\n    loads: {kernels: any}\n",
		"no match":             "objects:\n  - loads: {kernel: any}\n",
		"bad glob":             "objects:\n  - match: '['\n",
		"bad loader":           "objects:\n  - match: x\n    loads: {kernel: any, loader: '['}\n",
		"no version":           "objects:\n  - match: x\n    loads: {kernel: '>='}\n",
		"no condition":         "objects:\n  - match: x\n    loads: {loader: libbpf}\n",
		"odd version":          "objects:\n  - match: x\n    loads: {kernel: '>=six'}\n",
		"negative":             "objects:\n  - match: x\n    maps: {m: {max_entries: -1}}\n",
		"too large":            "objects:\n  - match: x\n    maps: {m: {max_entries: 4294967296}}\n",
		"a word for a number":  "objects:\n  - match: x\n    maps: {m: {max_entries: many}}\n",
		"not YAML":             "objects: [\n",
		"variables in a list":  "objects:\n  - match: x\n    variables: [a]\n",
		"two documents' worth": "objects:\n  - match: x\nobjects: []\n",
	} {
		if s, err := settings(t, text); !errors.Is(err, ErrSettings) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	if _, err := ReadSettings("no-such.yaml"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no such file: %v", err)
	}
}

func TestExpectations(t *testing.T) {
	for _, tt := range []struct {
		kernel, loader string
		release        string
		loads, known   bool
	}{
		{">=5.8", "", "5.10.0-46-cloud-amd64", true, true},
		{">=5.10", "", "5.9.1", false, true},
		{">5.10", "", "5.10.3", false, true},
		{"<6.1", "", "5.10", true, true},
		{"<=6.1", "", "6.1.99", true, true},
		{"6.12", "", "6.12.48", true, true},
		{"6.12", "", "6.1.48", false, true},
		{"any", "libbpf", "6.12.1", true, true},
		{"any", "libbpf@1.*", "6.12.1", true, true},
		{"any", "cilium", "6.12.1", false, false},
		{"none", "", "6.12.1", false, true},
		{"any", "", "./bzImage", false, false},
	} {
		s, err := settings(t, "objects:\n  - match: x\n    loads: {kernel: '"+tt.kernel+"', loader: '"+tt.loader+"'}\n")
		if err != nil {
			t.Fatal(err)
		}
		loads, known := s.For(&Object{Label: "x"}).Loads.Says(tt.release, "libbpf", "libbpf@1.7")
		if loads != tt.loads || known != tt.known {
			t.Errorf("%s on %s: %t, %t, want %t, %t", tt.kernel, tt.release, loads, known, tt.loads, tt.known)
		}
	}
}

// An expectation that does not hold is wrong in both directions, and only a refusal is what was
// expected of an object that does not load.
func TestAnswersAreHeldAgainstExpectations(t *testing.T) {
	pass := verdict.Verdict{Kind: verdict.Pass, Checked: &record.Checked{}}
	no := refused(record.Refusal{Stage: "load", Class: "invalid", Errno: 22})
	left := verdict.Verdict{Kind: verdict.Fail, Checked: &record.Checked{}, Seen: "map 7"}
	crash := verdict.Verdict{Kind: verdict.Crash}
	cut := refused(record.Refusal{Stage: "open", Class: "malformed/elf"})
	unset := refused(record.Refusal{Op: "set", Stage: "open", Class: "not-found"})
	for _, tt := range []struct {
		name, kernel string
		v            verdict.Verdict
		wrong        bool
	}{
		{"nothing said, loads", "", pass, false}, {"nothing said, refused", "", no, true},
		{"loads as expected", ">=5.8", pass, false}, {"does not, as expected", "<5.8", no, false},
		{"does not", ">=5.8", no, true}, {"does all the same", "<5.8", pass, true},
		{"leaves something", "none", left, true}, {"kernel dies", "none", crash, true},
		{"leaves something where it loads", "any", left, true},
		{"refused, and not by the kernel", "<5.8", cut, true}, {"refused everywhere", "none", cut, false},
		{"settings refused", "none", unset, true},
	} {
		o := &Object{Label: "x"}
		if tt.kernel != "" {
			s, err := settings(t, "objects:\n  - match: x\n    loads: {kernel: '"+tt.kernel+"'}\n")
			if err != nil {
				t.Fatal(err)
			}
			o.Setting = s.For(o)
		}
		v := tt.v
		v.Cell = verdict.Cell{Loader: "l", Kernel: "5.10", KernelRelease: "5.10.1"}
		if a := Of(o, v); (a.Wrong != "") != tt.wrong {
			t.Errorf("%s: %q", tt.name, a.Wrong)
		}
	}
}

// Names that are mistyped would be obeyed nowhere.
func TestSettingsOfNoSuchMapProgramOrLoader(t *testing.T) {
	s, err := settings(t, `
objects:
  - match: "x.o"
    maps: {event: {max_entries: 1}}
    programs: {mian: {autoload: false}}
    loads: {kernel: any, loader: "libpbf@*"}
`)
	if err != nil {
		t.Fatal(err)
	}
	o := &Object{Label: "x.o", Needs: Needs{Maps: []string{"events"}, Programs: []string{"main"}}}
	err = s.For(o).Check(o)
	for _, want := range []string{`no map "event"; it has events`, `no program "mian"; it has main`} {
		if !errors.Is(err, ErrSettings) || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	o.Needs.Unread = "cannot be read"
	if err := s.For(o).Check(o); err != nil {
		t.Errorf("names that could not be read: %v", err)
	}
	if err := s.CheckLoaders([]string{"libbpf@1.7", "cilium@0.22.0"}); !errors.Is(err, ErrSettings) {
		t.Errorf("no such loader: %v", err)
	}
	s.Objects[0].Loads.Loader = "libbpf@1.*"
	if err := s.CheckLoaders([]string{"libbpf@1.7", "cilium@0.22.0"}); err != nil {
		t.Error(err)
	}
}
