// SPDX-License-Identifier: Apache-2.0

package need

import (
	"errors"
	"strings"
	"testing"

	"github.com/cilium/ebpf/asm"
)

// These are ends of logs as kernels write them.
func TestLogsTellOfHelpers(t *testing.T) {
	for _, tt := range []struct {
		name, log string
		helper    int
		has, told bool
	}{
		{"5.10", "0: (85) call bpf_unspec#181\ninvalid func unknown#181\nprocessed 1 insns", 181, false, true},
		{"6.1", "0: (85) call bpf_probe_read#4\nunknown func bpf_probe_read#4\nprocessed 1 insns", 4, false, true},
		{"6.12", "program of this type cannot use helper bpf_probe_read#4\nprocessed 1 insns", 4, false, true},
		{
			"7.3, with more below", "program of this type cannot use helper bpf_probe_read#4\n\nVerification failed: Policy: " +
				"Operation is not allowed\n" + strings.Repeat("\n", 15), 4, false, true,
		},
		{"of another helper", "program of this type cannot use helper bpf_x#45\n", 4, false, false},
		{"its arguments", "0: (85) call bpf_set_retval#187: R1 is not a scalar\n", 187, true, true},
		{"it may sleep, 6.12", "helper call might sleep in a non-sleepable prog\n", 148, true, true},
		{"it may sleep, 7.3", "sleepable helper bpf_copy_from_user#148 in non-sleepable prog\n", 148, true, true},
		{"for some functions only", "func bpf_get_func_ip#173 not supported for program type 5\n", 173, false, false},
		{"not allowed here", "helper call is not allowed in probe\n", 147, false, false},
		{"nothing", "", 1, false, false},
	} {
		has, told := verifierTells(strings.Split(tt.log, "\n"), asm.BuiltinFunc(tt.helper))
		if has != tt.has || told != tt.told {
			t.Errorf("%s: has %t, told %t; want %t, %t", tt.name, has, told, tt.has, tt.told)
		}
	}
}

func TestWordsThatSayNothing(t *testing.T) {
	for _, words := range [][]string{
		nil, {"map_type"}, {"map_type", "x"}, {"helper", "6"}, {"helper", "x", "1"}, {"helper_id", "-1"}, {"what", "1"},
	} {
		if has, err := Has(words...); has || !errors.Is(err, ErrUnknown) {
			t.Errorf("%q: %t, %v", words, has, err)
		}
	}
}

func TestSymbolsAreWholeNames(t *testing.T) {
	text := []byte("ffffffff81000000 T _stext\nffffffff81000010 t x.cold\nffffffffc0000000 t probe\t[veth]\n0 D last")
	for name, want := range map[string]bool{
		"_stext": true, "x.cold": true, "probe": true, "last": true,
		"x": false, "stext": false, "las": false, "[veth]": false, "T": false, "cold": false,
	} {
		if isListed(text, name) != want {
			t.Errorf("%q is listed: %t, want %t", name, !want, want)
		}
	}
}
