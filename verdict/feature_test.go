// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
)

func TestFeatureOf(t *testing.T) {
	for reason, want := range map[string]string{
		"NUMA nodes: needs 2, has 1":                                                     "numa",
		"NUMA node: needs no node 1, has one":                                            "numa-node",
		"kconfig: needs CONFIG_DEBUG_INFO_BTF, has it not set":                           "btf",
		"kconfig: needs CONFIG_KALLSYMS_ALL, has it not set":                             "CONFIG_KALLSYMS_ALL",
		"kernel: needs 5.16, has 5.10.0":                                                 "kernel-5.16",
		"kernel: needs a kernel of its own, to allow all, has one that others use":       "own-kernel",
		"map type: needs bloom_filter (5.16), has kernel 5.10.0":                         "bloom_filter",
		"BPF: needs tokens (6.9), has kernel 6.8.0":                                      "token",
		"struct_ops: needs links (6.4), has kernel 6.1.0":                                "struct_ops-links",
		"kernel without struct_ops links: needs no links, has links":                     "kernel-without-struct_ops-links",
		"kernel without freplace: needs no extensions, has extensions":                   "kernel-without-freplace",
		"struct_ops: needs tcp_congestion_ops (5.6), has kernel 5.4.0":                   "tcp_congestion_ops",
		"process: needs CAP_SYS_RESOURCE, to limit a loader's memory, has no such right": "process",
		"in words of their own":                                                          "other",
	} {
		if got := (Verdict{Kind: Skip, Reason: reason}).Lacks(); got != want {
			t.Errorf("%q lacks %q, want %q", reason, got, want)
		}
	}
	if got := (Verdict{Kind: Fail, Reason: "NUMA nodes: needs 2, has 1"}).Lacks(); got != "" {
		t.Errorf("a failure lacks %q", got)
	}
}

// A user can require whatever a requirement can need.
func TestEveryNeedHasAWord(t *testing.T) {
	for field := range reflect.TypeFor[requirements.Needs]().NumField() {
		var n requirements.Needs
		f := reflect.ValueOf(&n).Elem().Field(field)
		switch f.Kind() {
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Int:
			f.SetInt(2)
		case reflect.String:
			f.SetString("x_ops")
		case reflect.Slice:
			f.Set(reflect.ValueOf([]string{"BPF_JIT"}))
		case reflect.Struct:
			f.Set(reflect.ValueOf(requirements.Version{Major: 5, Minor: 16}))
		}
		if words := FeaturesOf(n); len(words) != 1 {
			t.Errorf("%s: the words are %q, want one", reflect.TypeFor[requirements.Needs]().Field(field).Name, words)
		}
	}
	both := requirements.Needs{
		Kernel: requirements.Version{Major: 6, Minor: 4}, Kconfig: []string{"BPF_JIT", "NET"},
		StructOps: "a_ops", StructOpsLink: true,
	}
	if diff := cmp.Diff([]string{"CONFIG_NET", "a_ops", "jit", "struct_ops-links"}, FeaturesOf(both)); diff != "" {
		t.Error(diff)
	}
}

func TestWanting(t *testing.T) {
	skip := func(spec string, lack record.Lack) Verdict {
		return Verdict{Spec: spec, Suite: "s", Cell: cell, Kind: Skip, Reason: lack.String()}
	}
	numa, net := record.Lack{Kind: "NUMA nodes", Needs: "2", Has: "1"}, record.Lack{Kind: "kconfig", Needs: "CONFIG_NET", Has: "n"}
	f := &File{Verdicts: []Verdict{
		skip("s.b", numa), skip("s.a", numa), skip("s.c", net), {Spec: "s.d", Cell: cell, Kind: Pass},
	}}
	if diff := cmp.Diff([]Untried{{"numa", 2}, {"CONFIG_NET", 1}}, f.Untried()); diff != "" {
		t.Error(diff)
	}
	both := "numa is required, and 2 specs of " + cell.String() + " were skipped for want of it, such as s.a (NUMA nodes: needs 2, has 1)"
	if diff := cmp.Diff([]string{both}, Wanting([]string{"numa", "btf"}, f.Verdicts)); diff != "" {
		t.Error(diff)
	}
	if got := Wanting([]string{AnyFeature}, f.Verdicts); len(got) != 2 {
		t.Errorf("with all required: %q", got)
	}
	if got := Wanting(nil, f.Verdicts); got != nil {
		t.Errorf("with none required: %q", got)
	}
}
