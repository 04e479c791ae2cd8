// SPDX-License-Identifier: Apache-2.0

package record

import "testing"

func TestLackIsReadAsItIsWritten(t *testing.T) {
	for _, l := range []Lack{
		{"kconfig", "CONFIG_NUMA", "it not set"},
		{"map type", "bloom_filter (5.16)", "kernel 5.10.0"},
		{"process", "CAP_SYS_RESOURCE, to limit a loader's memory", "no such right"},
		{"kernel", "a kernel, that has it, of its own", "one that others use"},
	} {
		if got, ok := ParseLack(l.String()); !ok || got != l {
			t.Errorf("%q is read as %+v, %v", l, got, ok)
		}
	}
	for _, text := range []string{"", "NUMA: needs two", "it has none", ": needs x, has y", "a: needs , has b"} {
		if l, ok := ParseLack(text); ok {
			t.Errorf("%q is read as %+v", text, l)
		}
	}
}
