// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"errors"
	"testing"

	"github.com/loadstone-bpf/loadstone/oracle"
	"github.com/loadstone-bpf/loadstone/requirements"
)

func TestNeeds(t *testing.T) {
	broken := errors.New("no such device")
	bloom := requirements.Needs{
		Kernel: requirements.Version{Major: 5, Minor: 16}, MapType: "bloom_filter",
	}
	numa := requirements.Needs{NUMANodes: 2}
	tokens := requirements.Needs{Kernel: requirements.Version{Major: 6, Minor: 9}, Token: true}
	freplace := requirements.Needs{Kernel: requirements.Version{Major: 5, Minor: 6}, Freplace: true}
	later := requirements.Needs{Kernel: requirements.Version{Major: 5, Minor: 18}, Freplace: true}
	net := requirements.Needs{
		Kernel: requirements.Version{Major: 5, Minor: 16}, MapType: "bloom_filter",
		Kconfig: []string{"NET"},
	}
	links := requirements.Needs{
		Kernel: requirements.Version{Major: 6, Minor: 4}, StructOps: "a_ops", StructOpsLink: true,
	}
	for _, tc := range []struct {
		name   string
		needs  requirements.Needs
		kernel kernelFacts
		unmet  string
		err    string
	}{
		{name: "nothing is needed", kernel: kernelFacts{release: "5.10.0"}},
		{
			name: "old and probed away", needs: bloom,
			kernel: kernelFacts{release: "5.10.0-9-amd64"},
			unmet:  "map type: needs bloom_filter (5.16), has kernel 5.10.0-9-amd64",
		},
		{name: "new and there", needs: bloom, kernel: kernelFacts{release: "6.1.0", mapType: has("bloom_filter")}},
		{name: "tokens", needs: tokens, kernel: kernelFacts{release: "6.9.0", tokens: asked(true, nil)}},
		{
			name: "no tokens on an old kernel", needs: tokens,
			kernel: kernelFacts{release: "6.8.0", tokens: asked(false, nil)},
			unmet:  "BPF: needs tokens (6.9), has kernel 6.8.0",
		},
		{
			name: "no tokens on a new kernel", needs: tokens,
			kernel: kernelFacts{release: "6.9.0", tokens: asked(false, nil)},
			err:    "a probe finds no BPF tokens, although kernel 6.9.0 is not older than 6.9 and nothing in its kconfig, as far as it is known, says so",
		},
		{
			name: "a map type and no tokens", needs: tokens.And(bloom),
			kernel: kernelFacts{release: "6.8.0", mapType: has("bloom_filter"), tokens: asked(false, nil)},
			unmet:  "BPF: needs tokens (6.9), has kernel 6.8.0",
		},
		{
			name: "extension programs in an old kernel", needs: freplace,
			kernel: kernelFacts{release: "5.4.0", extensions: asked(false, nil)},
			unmet:  "BPF: needs freplace (5.6), has kernel 5.4.0",
		},
		{
			name: "extension programs, and something that is newer", needs: later,
			kernel: kernelFacts{release: "5.10.0", extensions: asked(true, nil)},
			unmet:  "kernel: needs 5.18, has 5.10.0",
		},
		{
			name: "extension programs that a new kernel forbids", needs: freplace,
			kernel: kernelFacts{release: "6.12.0", extensions: asked(false, oracle.ErrForbidden)},
			unmet:  "BPF: needs freplace, has it forbidden on this machine",
		},
		{
			name: "tokens that cannot be asked for", needs: tokens,
			kernel: kernelFacts{release: "6.9.0", tokens: asked(false, broken)}, err: "no such device",
		},
		{name: "old and there, as a backport", needs: bloom, kernel: kernelFacts{release: "5.10.0", mapType: has("bloom_filter")}},
		{
			name: "new and probed away", needs: bloom, kernel: kernelFacts{release: "6.1.0"},
			err: "a probe finds no bloom_filter maps, although kernel 6.1.0 is not older than 5.16 and nothing in its kconfig, as far as it is known, says so",
		},
		{
			name: "new and configured away", needs: net, kernel: kernelFacts{
				release: "6.1.0", kconfig: config("n", true),
			},
			unmet: "kconfig: needs CONFIG_NET, has n",
		},
		{
			name: "new and not configured", needs: net, kernel: kernelFacts{
				release: "6.1.0", kconfig: config("", true),
			},
			unmet: "kconfig: needs CONFIG_NET, has it not set",
		},
		{
			name: "configured as a module", needs: net,
			kernel: kernelFacts{
				release: "6.1.0", kconfig: config("m", true), mapType: has("bloom_filter"),
			},
		},
		{
			name: "no kconfig to read, and the type is there", needs: net,
			kernel: kernelFacts{release: "6.1.0", mapType: has("bloom_filter")},
		},
		{
			name:   "too old, with nothing to probe",
			needs:  requirements.Needs{Kernel: requirements.Version{Major: 5, Minor: 16}},
			kernel: kernelFacts{release: "5.10.0"}, unmet: "kernel: needs 5.16, has 5.10.0",
		},
		{
			name: "too few nodes", needs: numa, kernel: kernelFacts{
				release: "5.10.0", numaNodes: nodes(1, nil),
			},
			unmet: "NUMA nodes: needs 2, has 1",
		},
		{name: "enough nodes", needs: numa, kernel: kernelFacts{release: "5.10.0", numaNodes: nodes(2, nil)}},
		{name: "nodes that cannot be counted", needs: numa, kernel: kernelFacts{release: "5.10.0", numaNodes: nodes(0, broken)}, err: "no such device"},
		{
			name: "a probe that does not work", needs: bloom,
			kernel: kernelFacts{
				release: "6.1.0", mapType: func(string) (bool, error) { return false, broken },
			}, err: "no such device",
		},
		{
			name: "kconfig that cannot be read", needs: net,
			kernel: kernelFacts{
				release: "6.1.0",
				kconfig: func(string) (string, bool, error) { return "", false, broken },
			}, err: "no such device",
		},
		{
			name: "no structure of that name in an old kernel", needs: links,
			kernel: kernelFacts{release: "6.1.0", structOps: has("b_ops")},
			unmet:  "struct_ops: needs a_ops (6.4), has kernel 6.1.0",
		},
		{
			name: "a structure, and no links for it yet", needs: links,
			kernel: kernelFacts{release: "6.1.0", structOps: has("a_ops")},
			unmet:  "struct_ops: needs links (6.4), has kernel 6.1.0",
		},
		{
			name: "a structure, and links gone", needs: links,
			kernel: kernelFacts{release: "6.12.0", structOps: has("a_ops")},
			err:    "a probe finds no links of struct_ops, although kernel 6.12.0 is not older than 6.4 and nothing in its kconfig, as far as it is known, says so",
		},
		{
			name: "a release that is none", kernel: kernelFacts{release: "custom"},
			err: `kernel release "custom" does not start with a version such as 5.16`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.kernel.mapType == nil {
				tc.kernel.mapType = has("")
			}
			if tc.kernel.structOps == nil {
				tc.kernel.structOps = has("")
			}
			tc.kernel.structOpsLink = func() (bool, error) { return false, nil }
			if tc.kernel.kconfig == nil {
				tc.kernel.kconfig = config("", false)
			}
			unmet, err := check(tc.needs, tc.kernel)
			var got, gotErr string
			if unmet != (Lack{}) {
				got = unmet.String()
			}
			if err != nil {
				gotErr = err.Error()
			}
			if got != tc.unmet || gotErr != tc.err {
				t.Errorf("unmet %q, error %q; want %q, %q", got, gotErr, tc.unmet, tc.err)
			}
		})
	}
}

func has(typ string) func(string) (bool, error) {
	return func(name string) (bool, error) { return name == typ, nil }
}

func asked(has bool, err error) func() (bool, error) {
	return func() (bool, error) { return has, err }
}

func config(value string, known bool) func(string) (string, bool, error) {
	return func(string) (string, bool, error) { return value, known, nil }
}

func nodes(n int, err error) func() (int, error) {
	return func() (int, error) { return n, err }
}
