// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAbsent(t *testing.T) {
	has := func(kernel string, specs ...string) []Verdict {
		var vs []Verdict
		for _, s := range specs {
			vs = append(vs, Verdict{Spec: s, Suite: "s", Kind: Pass, Level: Should, Sentence: []string{"Of " + s + "."},
				Cell: Cell{Loader: "l", LoaderVersion: "1", Kernel: kernel}})
		}
		return vs
	}
	plan := []Part{{"l@1", "5.10", "s", 3}, {"l@1", "6.12", "s", 3}}
	names := map[string][]string{"s": {"s.a", "s.b", "s.c"}}
	for name, c := range map[string]struct {
		specs map[string][]string
		plan  []Part
		has   []Verdict
		want  []string // kernel and spec
	}{
		"none of a cell":          {names, plan, has("5.10", "s.a", "s.b", "s.c"), []string{"6.12 s.a", "6.12 s.b", "6.12 s.c"}},
		"some of each":            {names, plan, append(has("5.10", "s.a"), has("6.12", "s.c")...), []string{"5.10 s.b", "5.10 s.c", "6.12 s.a", "6.12 s.b"}},
		"nothing at all":          {names, plan[:1], nil, []string{"5.10 s.a", "5.10 s.b", "5.10 s.c"}},
		"whole":                   {names, plan[:1], has("5.10", "s.a", "s.b", "s.c"), nil},
		"names of a whole cell":   {nil, plan, append(has("5.10", "s.a", "s.b", "s.c"), has("6.12", "s.c")...), []string{"6.12 s.a", "6.12 s.b"}},
		"names of several cells":  {nil, plan, append(has("5.10", "s.a", "s.b"), has("6.12", "s.c")...), []string{"5.10 s.c", "6.12 s.a", "6.12 s.b"}},
		"no cell has all":         {nil, plan, append(has("5.10", "s.a"), has("6.12", "s.c")...), nil},
		"a part in two":           {names, []Part{{"l@1", "5.10", "s", 1}, {"l@1", "5.10", "s", 2}}, has("5.10", "s.b"), []string{"5.10 s.a", "5.10 s.c"}},
		"others than are planned": {map[string][]string{"s": {"s.x", "s.y", "s.z"}}, plan[:1], has("5.10", "s.a"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := &File{Run: Run{Plan: c.plan, Specs: c.specs, Kernels: []Kernel{{Name: "5.10", Release: "5.10.0-36"}}}, Verdicts: c.has}
			var got []string
			for _, v := range f.Absent() {
				got = append(got, v.Kernel+" "+v.Spec)
				if err := v.check(); err != nil || !v.Unknown() || v.Again == "" || v.Suite != "s" || v.LoaderName() != "l@1" {
					t.Errorf("%+v: %v", v, err)
				}
				if v.Kernel == "5.10" && v.KernelRelease != "5.10.0-36" {
					t.Errorf("release %q", v.KernelRelease)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// What other cells say of a spec's requirement is said of it where it never ran.
func TestAbsentIsHeldToWhatOthersAre(t *testing.T) {
	f := &File{
		Run: Run{Plan: []Part{{"l@1", "5.10", "s", 1}, {"l@1", "6.12", "s", 1}}},
		Verdicts: []Verdict{{
			Spec: "s.a", Suite: "s", Kind: Pass, Level: Should, Sentence: []string{"It works."},
			Cell: Cell{Loader: "l", LoaderVersion: "1", Kernel: "5.10"},
		}},
	}
	absent := f.Absent()
	if len(absent) != 1 || absent[0].Level != Should || !cmp.Equal(absent[0].Sentence, []string{"It works."}) {
		t.Errorf("%+v", absent)
	}
}
