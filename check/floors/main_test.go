// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/check"
)

func parsed(t *testing.T, series, text string) kernel {
	t.Helper()
	k, err := parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	k.series = series
	return k
}

func TestTableIsMadeOfWhatKernelsSay(t *testing.T) {
	old := parsed(t, "5.10", "release 5.10.0-46\n+ kernel_btf\n+ map_type 1\n- map_type 2\n- map_type 3\n? helper 6 5 load program: invalid argument\n")
	young := parsed(t, "6.12", "release 6.12.1\n+ kernel_btf\n+ map_type 1\n+ map_type 2\n+ map_type 3\n+ helper 6 5\n")
	got, err := tableOf([]kernel{old, young})
	if err != nil {
		t.Fatal(err)
	}
	want := &check.Floors{
		Kernels: []check.FloorKernel{{Series: "5.10", Release: "5.10.0-46"}, {Series: "6.12", Release: "6.12.1"}},
		Asked: map[string]map[string]string{
			"kernel_btf": {"++": "0"}, "map_type": {"++": "1", "-+": "2-3"}, "helper 6": {"?+": "5"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestKernelsThatWereNotAskedTheSame(t *testing.T) {
	one := parsed(t, "5.10", "release a\n+ map_type 1\n+ map_type 2\n")
	for _, text := range []string{"release b\n+ map_type 1\n", "release b\n+ map_type 1\n+ map_type 3\n"} {
		if _, err := tableOf([]kernel{one, parsed(t, "6.1", text)}); !errors.Is(err, errProbe) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestBadAnswersAreRefused(t *testing.T) {
	for _, text := range []string{
		"", "release a\n", "+ map_type 1\n", "release a\n* map_type 1\n", "release a\n+\n",
		"release a\nrelease b\n", "release a\n\n+ map_type 1\n",
	} {
		if _, err := parse([]byte(text)); !errors.Is(err, errProbe) {
			t.Errorf("%q: %v", text, err)
		}
	}
	k := parsed(t, "5.10", "release a\n+ map_type x\n")
	if _, err := tableOf([]kernel{k}); !errors.Is(err, errProbe) {
		t.Errorf("a number that is none: %v", err)
	}
}
