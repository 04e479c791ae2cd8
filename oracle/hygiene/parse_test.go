// SPDX-License-Identifier: Apache-2.0

package hygiene

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const meminfo = `MemTotal:        1000000 kB
MemFree:          700000 kB
MemAvailable:     800000 kB
Slab:              30000 kB
SUnreclaim:        20000 kB
KernelStack:        1000 kB
VmallocUsed:        5000 kB
Percpu:              500 kB
`

func TestMemoryIsAddedUp(t *testing.T) {
	got, err := parseMemory([]byte(meminfo))
	if err != nil {
		t.Fatal(err)
	}
	if want := (amounts{used: 200000, kernel: 26500}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if _, err := parseMemory([]byte("MemTotal: 12 kB\n")); err == nil {
		t.Error("no error without MemAvailable")
	}
}

func TestFreePagesInListsAreFound(t *testing.T) {
	const zones = `Node 0, zone    DMA32
  pages free     3000
  pagesets
    cpu: 0
              count:    321
              high:     500
    cpu: 1
              count:    21
              high:     500
`
	if got := pagesInLists([]byte(zones)); got != 342 {
		t.Errorf("%d pages", got)
	}
}

func TestMemoryBeyondItsBoundIsAChange(t *testing.T) {
	before := amounts{used: 100 << 10, kernel: 30 << 10}
	for _, c := range []struct {
		now  amounts
		want []Change
	}{
		{before, nil},
		{amounts{before.used + mostUsed, before.kernel + mostKernel}, nil},
		{amounts{0, 0}, nil},
		{amounts{before.used + mostUsed + 1, before.kernel},
			[]Change{{Memory, Changed, "memory in use 102400 -> 135169 KiB"}}},
		{amounts{before.used, before.kernel + mostKernel + 1},
			[]Change{{Memory, Changed, "memory of the kernel 30720 -> 38913 KiB"}}},
	} {
		if diff := cmp.Diff(c.want, before.changes(c.now)); diff != "" {
			t.Errorf("%+v: %s", c.now, diff)
		}
	}
}

// put writes a file below a folder.
func put(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(text), 0o644))
}

// compareIn begins with a view, changes what it views, and returns what differs.
func compareIn(t *testing.T, v view, change func()) []Change {
	t.Helper()
	c := &compared{view: v}
	must(t, c.begin())
	change()
	_, changes, err := c.look(nil, make(counts, len(Kinds)))
	must(t, err)
	return changes
}

func TestSettingsAndTaintThatChangedAreSeen(t *testing.T) {
	sys := t.TempDir()
	elsewhere := filepath.Join(sys, "elsewhere")
	put(t, sys+"/kernel/tainted", "0\n")
	put(t, sys+"/kernel/unprivileged_bpf_disabled", "0\n")
	put(t, sys+"/net/core/bpf_jit_harden", "1\n")
	put(t, sys+"/net/core/bpf_new", "1\t2\n")
	put(t, sys+"/net/core/wmem_max", "1\n") // does not count
	put(t, elsewhere, "0-1\n")
	v, err := openSettingsIn(sys, []string{elsewhere, sys + "/none"})
	must(t, err)
	got := compareIn(t, v, func() {
		put(t, sys+"/kernel/tainted", "512\n")
		put(t, sys+"/kernel/unprivileged_bpf_disabled", "2\n")
		put(t, sys+"/net/core/bpf_new", "1\t3\n")
		put(t, sys+"/net/core/wmem_max", "2\n")
		put(t, elsewhere, "0\n")
	})
	want := []Change{
		{Taint, Changed, "taint of the kernel 0 -> 512"},
		{Sysctl, Changed, "sysctl kernel.unprivileged_bpf_disabled 0 -> 2"},
		{Sysctl, Changed, "sysctl net.core.bpf_new 1 2 -> 1 3"},
		{Sysctl, Changed, "setting " + elsewhere + " 0-1 -> 0"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestModulesThatCameAndWentAreSeen(t *testing.T) {
	list := filepath.Join(t.TempDir(), "modules")
	put(t, list, "veth 40960 0 - Live 0x0\ndummy 16384 0 - Live 0x0\n")
	f, err := openText(list)
	must(t, err)
	got := compareIn(t, modules{&f}, func() {
		put(t, list, "act_bpf 16384 0 - Live 0x0\nveth 40960 2 - Live 0x0\n")
	})
	want := []Change{{Module, New, "module act_bpf"}, {Module, Gone, "module dummy"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	must(t, os.Remove(list))
}

func TestMountTableIsParsed(t *testing.T) {
	const table = `22 1 0:21 / /proc rw,nosuid shared:5 - proc proc rw
36 22 8:1 /a\040b /run/a\134b rw,noatime - bpf bpf rw,mode=700
`
	got, err := parseMounts([]byte(table))
	must(t, err)
	want := []mounted{
		{id: "22", device: 21, root: "/", point: "/proc", options: "rw,nosuid shared:5", fs: "proc", superOptions: "proc rw"},
		{id: "36", device: 0x801, root: "/a b", point: `/run/a\b`, options: "rw,noatime", fs: "bpf", superOptions: "bpf rw,mode=700"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(mounted{})); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"\n", "22 1 0:21 / /proc rw\n", "22 1 x:21 / /proc rw - proc proc rw\n"} {
		if _, err := parseMounts([]byte(bad)); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func TestOnlyFieldsThatDifferAreNamed(t *testing.T) {
	before := []thing{{kind: Device, key: "5", name: "device 5 a", state: "mtu 1500, flags 0x1"}}
	now := []thing{{kind: Device, key: "5", name: "device 5 b", state: "mtu 1400, flags 0x1, xdp 7"}}
	want := []Change{{Device, Changed, "device 5 b mtu 1500 -> mtu 1400, xdp 7"}}
	if diff := cmp.Diff(want, differences(before, now)); diff != "" {
		t.Error(diff)
	}
}

// Whatever rtnetlink might answer is read or refused.
func FuzzNetwork(f *testing.F) {
	fd, err := openNetwork()
	if err != nil {
		f.Fatal(err)
	}
	n := fd.(*network)
	seen, err := n.read(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seen)
	f.Add([]byte(strings.Repeat("\x10\x00\x00\x00", 8)))
	f.Fuzz(func(t *testing.T, seen []byte) {
		things, err := n.things(seen)
		if err == nil && len(seen) >= 64 && len(things) > len(seen)/16 {
			t.Errorf("%d things in %d bytes", len(things), len(seen))
		}
		if _, err := filterable(nil, seen); err == nil && len(things) > len(seen) {
			t.Error("more than there are")
		}
	})
}
