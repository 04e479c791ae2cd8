// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A run that is killed at any point of its file goes on, and ends with the verdicts of one that
// was not.
func TestResumeAfterAnyPart(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.jsonl")
	specs := []string{"mapdefs.a", "mapdefs.b", "mapdefs.c"}
	run := Run{ID: "r", Plan: []Part{{Loader: cell.LoaderName(), Kernel: cell.Kernel, Suite: "mapdefs", Specs: len(specs)}}}
	of := func(spec string) Verdict { return Verdict{Spec: spec, Suite: "mapdefs", Cell: cell, Kind: Pass} }
	w, err := Create(path, run)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range specs {
		if err := w.Write(of(spec)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close("", nil); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Resume(path); !errors.Is(err, ErrEnded) {
		t.Errorf("of a whole file: %v", err)
	}
	want, err := Read(bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	first := bytes.IndexByte(whole, '\n') + 1 // it is written in one step, with its name
	for n := first; n < len(whole)-1; n += 7 {
		if err := os.WriteFile(path, whole[:n], 0o644); err != nil {
			t.Fatal(err)
		}
		w, before, err := Resume(path)
		if err != nil {
			t.Fatalf("after %d bytes: %v", n, err)
		}
		for _, spec := range specs {
			there := slices.ContainsFunc(before.Verdicts, func(v Verdict) bool { return v.Spec == spec })
			if err := w.Write(of(spec)); (err == nil) == there || there && !errors.Is(err, ErrDuplicate) {
				t.Fatalf("after %d bytes: %s, which is there: %v: %v", n, spec, there, err)
			}
		}
		if err := w.Close("", nil); err != nil {
			t.Fatal(err)
		}
		got, err := ReadFile(path)
		if err != nil {
			t.Fatalf("after %d bytes: %v", n, err)
		}
		if diff := cmp.Diff(want.Verdicts, got.Verdicts); diff != "" || !got.Complete() {
			t.Fatalf("after %d bytes: complete %v: %s", n, got.Complete(), diff)
		}
	}
}

// A run that was interrupted has an end line, which says so, and goes on all the same.
func TestResumeOfAnInterruptedRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	w, err := Create(path, Run{Plan: []Part{{Loader: cell.LoaderName(), Kernel: cell.Kernel, Suite: "mapdefs", Specs: 1}}})
	if err == nil {
		err = w.Close("interrupted", nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	w, before, err := Resume(path)
	if err != nil || before.End.Reason != "interrupted" {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(Verdict{Spec: one, Suite: "mapdefs", Cell: cell, Kind: Pass}), w.Close("", nil)); err != nil {
		t.Fatal(err)
	}
	if f, err := ReadFile(path); err != nil || !f.Complete() {
		t.Error(err)
	}
}

func TestRunsThatAreOthers(t *testing.T) {
	run := func(change func(*Run)) Run {
		r := Run{
			Guest: "aaaa", Isolation: "auto", Kernels: []Kernel{{Name: "6.12", Digest: "k"}, {Name: "5.10", Digest: "l"}},
			Loaders: []Loader{{Name: "libbpf@1.7", Digest: "m"}},
		}
		change(&r)
		return r
	}
	same := run(func(r *Run) { slices.Reverse(r.Kernels); r.ID, r.Command = "other", []string{"x"} })
	if err := run(func(*Run) {}).Same(same); err != nil {
		t.Errorf("the same run: %v", err)
	}
	for name, change := range map[string]func(*Run){
		"guest program": func(r *Run) { r.Guest = "bbbb" }, "isolation": func(r *Run) { r.Isolation = "spec" },
		"required": func(r *Run) { r.Require = []string{"numa"} }, "kernel gone": func(r *Run) { r.Kernels = r.Kernels[:1] },
		"kernel more":      func(r *Run) { r.Kernels = append(r.Kernels, Kernel{Name: "7.3"}) },
		"kernel of a name": func(r *Run) { r.Kernels = []Kernel{{Name: "6.12", Digest: "x"}, r.Kernels[1]} },
		"loader of a name": func(r *Run) { r.Loaders = []Loader{{Name: "libbpf@1.7", Digest: "n"}} },
	} {
		if err := run(func(*Run) {}).Same(run(change)); !errors.Is(err, ErrOtherRun) {
			t.Errorf("another %s: %v", name, err)
		}
	}
}
