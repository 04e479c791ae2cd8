// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// shardRuns returns the runs of three shards of a plan of six specs in two cells.
func shardRuns() []*File {
	var files []*File
	for i := range 3 {
		f := &File{
			Run: Run{
				Format: Format, ID: fmt.Sprint("run", i), Guest: "g", Started: time.Unix(int64(100-i), 0).UTC(),
				Kernels: []Kernel{{Name: "5.10"}, {Name: "6.12"}}, Loaders: []Loader{{Name: "l@1"}},
				Shard: &Shard{Plan: "p", Number: i + 1, Of: 3, Specs: 6},
			},
			End: &End{Complete: true, DurationMS: int64(10 * (i + 1)), Notes: []string{"a note"}},
		}
		for _, kernel := range []string{"5.10", "6.12"} {
			for n := range 2 {
				f.Verdicts = append(f.Verdicts, Verdict{
					Spec: fmt.Sprintf("s.%d", 2*i+n), Suite: "s", Kind: Pass,
					Cell: Cell{Loader: "l", LoaderVersion: "1", Kernel: kernel},
				})
			}
			f.Run.Plan = append(f.Run.Plan, Part{"l@1", kernel, "s", 2})
			f.Run.Planned += 2
		}
		f.Run.Specs = map[string][]string{"s": {fmt.Sprintf("s.%d", 2*i), fmt.Sprintf("s.%d", 2*i+1)}}
		files = append(files, f)
	}
	return files
}

func TestMerge(t *testing.T) {
	files := shardRuns()
	slices.Reverse(files)
	m, err := Merge(files)
	if err != nil {
		t.Fatal(err)
	}
	want := []Part{{"l@1", "5.10", "s", 6}, {"l@1", "6.12", "s", 6}}
	if diff := cmp.Diff(want, m.Run.Plan); diff != "" || m.Run.Planned != 12 || len(m.Verdicts) != 12 ||
		m.End.DurationMS != 30 || len(m.End.Notes) != 1 || m.Run.Started.Unix() != 98 || m.Run.Shard != nil {
		t.Errorf("%+v, end %+v: %s", m.Run, m.End, diff)
	}
	if diff := cmp.Diff(map[string][]string{"s": {"s.0", "s.1", "s.2", "s.3", "s.4", "s.5"}}, m.Run.Specs); diff != "" {
		t.Errorf("specs: %s", diff)
	}
	path := filepath.Join(t.TempDir(), "run.jsonl")
	if err := Merged(path, m.Run, m.Verdicts, *m.End); err != nil {
		t.Fatal(err)
	}
	read, err := ReadFile(path)
	if err != nil || read.Err() != nil {
		t.Fatalf("%v, %v", err, read)
	}
	if diff := cmp.Diff(m.Verdicts, read.Verdicts); diff != "" {
		t.Error(diff)
	}
}

func TestMergeRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(files []*File) []*File
		want   error
	}{
		{"nothing", func([]*File) []*File { return nil }, ErrGap},
		{"the last shard is not there", func(f []*File) []*File { return f[:2] }, ErrGap},
		{"the first is not there", func(f []*File) []*File { return f[1:] }, ErrGap},
		{"one is there twice", func(f []*File) []*File { return append(f, f[1]) }, ErrOverlap},
		{"a spec in two", func(f []*File) []*File { f[1].Verdicts[0].Spec = "s.0"; return f }, ErrOverlap},
		{"a verdict too few", func(f []*File) []*File { f[1].Verdicts = f[1].Verdicts[1:]; return f }, ErrGap},
		{"another kernel", func(f []*File) []*File { f[2].Run.Kernels = []Kernel{{Name: "7.3"}}; return f }, ErrOtherRun},
		{"another guest program", func(f []*File) []*File { f[2].Run.Guest = "h"; return f }, ErrOtherRun},
		{"another plan", func(f []*File) []*File { f[2].Run.Shard.Plan = "q"; return f }, ErrOtherRun},
		{"a run of its own", func(f []*File) []*File { f[0].Run.Shard = nil; return f }, ErrOtherRun},
		{"a torn one", func(f []*File) []*File { f[0].End = nil; return f }, ErrIncomplete},
	} {
		if _, err := Merge(tt.change(shardRuns())); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}
