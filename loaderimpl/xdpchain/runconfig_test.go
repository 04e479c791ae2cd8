// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"errors"
	"testing"

	"github.com/cilium/ebpf/btf"
	"github.com/google/go-cmp/cmp"
)

type btfFunc = btf.Func

func TestRunConfigurationsOfAnObject(t *testing.T) {
	types, err := components(t).Types()
	if err != nil {
		t.Fatal(err)
	}
	for program, want := range map[string]runConfig{
		"early":                               {7, 1<<1 | 1<<2},
		"late":                                {1000, 1<<3 | 1<<4},
		"a_name_longer_than_the_kernel_keeps": {50, 1<<0 | 1<<2},
		"silent":                              {50, 1 << 2},
		"no_such_program":                     {50, 1 << 2},
	} {
		got, err := readRunConfig(types, program)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", program, got, err, want)
		}
	}
	for _, program := range []string{"unknown", "plain_number"} {
		if got, err := readRunConfig(types, program); !errors.Is(err, ErrRunConfig) {
			t.Errorf("%s: %+v, %v", program, got, err)
		}
	}
	if got, err := readRunConfig(nil, "early"); err != nil || got != (runConfig{50, 1 << 2}) {
		t.Errorf("without types: %+v, %v", got, err)
	}
}

func TestNamesThatTheKernelCutAreCompleted(t *testing.T) {
	types, err := components(t).Types()
	if err != nil {
		t.Fatal(err)
	}
	for kept, want := range map[string]string{
		"a_name_longer_t": "a_name_longer_than_the_kernel_keeps",
		"early":           "early", // a short one is whole, whatever else begins so
		"a_name":          "a_name",
		"fifteen_letters": "fifteen_letters",
	} {
		if got := wholeName(types, kept); got != want {
			t.Errorf("%s: %s, want %s", kept, got, want)
		}
	}
}

func TestActionsByName(t *testing.T) {
	got, err := ParseActions([]string{"drop", "XDP_PASS", "Redirect"})
	if err != nil || got != 1<<1|1<<2|1<<4 {
		t.Errorf("%#x, %v", got, err)
	}
	if diff := cmp.Diff([]string{"drop", "pass", "redirect", "7"}, (got | 1<<7).Names()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, name := range []string{"", "accept", "xdp_"} {
		if _, err := ParseActions([]string{name}); !errors.Is(err, ErrAction) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if got := Actions(0).String(); got != "none" {
		t.Errorf("no actions: %q", got)
	}
}
