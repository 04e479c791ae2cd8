// SPDX-License-Identifier: Apache-2.0

package check

import (
	"slices"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/objects"
)

// What an object needs is read of it, also where the library that reads it does not go on.
func TestWhatObjectsNeed(t *testing.T) {
	for _, tt := range []struct {
		object objects.Object
		want   []string // beginnings of probes
	}{
		{objects.MapDefs.Counter, []string{"map_type 2", "program_type ", "helper "}},
		{objects.MapDefs.Arena, []string{"map_type 33"}},
		{objects.GlobalData.KsymTyped, []string{"ksym "}},
		{objects.GlobalData.KsymAddress, []string{"ksym "}},
		{objects.GlobalData.KsymKfunc, []string{"kfunc "}},
		{objects.GlobalData.KconfigBool, []string{"kconfig CONFIG_"}},
	} {
		var probes []string
		for _, n := range read(tt.object.ELF()).All {
			probes = append(probes, n.Probe)
		}
		for _, want := range tt.want {
			if !slices.ContainsFunc(probes, func(p string) bool { return strings.HasPrefix(p, want) }) {
				t.Errorf("%s: no need that begins with %q in %q", tt.object.Name(), want, probes)
			}
		}
	}
}
