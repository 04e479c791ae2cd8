// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const testRelease = "6.12.1-test"

// installed writes a lib/modules/<release> and returns it.
func installed(t testing.TB, files map[string][]byte) *Modules {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "lib/modules", testRelease)
	write(t, dir, files)
	m, err := ReadModules(dir, testRelease)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func someModules(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"kernel/a.ko":               ko(testRelease, "b-one", "c"),
		"kernel/sub/b_one.ko.xz":    compressed(t, ".xz", ko(testRelease, "d")),
		"kernel/c.ko.zst":           compressed(t, ".zst", ko(testRelease, "d", "core")),
		"kernel/d-two.ko.gz":        compressed(t, ".gz", ko(testRelease)),
		"kernel/d.ko":               ko(testRelease, "d_two"),
		"kernel/lonely.ko":          ko(testRelease),
		"kernel/old.ko":             ko("6.11.0"),
		"kernel/needs-old.ko":       ko(testRelease, "old"),
		"kernel/garbage.ko":         []byte("garbage"),
		"kernel/garbage2.ko.xz":     []byte("garbage"),
		"kernel/garbage3.ko.zst":    []byte("garbage"),
		"kernel/x.ko":               ko(testRelease, "y"),
		"kernel/y.ko":               ko(testRelease, "x"),
		"kernel/needs-nothing.ko":   ko(testRelease, "nothing"),
		"kernel/updated.ko":         ko("6.11.0"),
		"updates/updated.ko":        ko(testRelease),
		"modules.builtin":           []byte("kernel/net/core.ko\nkernel/fs/ext-four.ko\n"),
		"modules.order":             []byte("ignored\n"),
		"kernel/README":             []byte("no module\n"),
		"build/scripts/not-here.ko": nil,
	}
}

func TestClosureIsInTheOrderOfLoading(t *testing.T) {
	m := installed(t, someModules(t))
	for names, want := range map[string]string{
		"a":               "kernel/d-two.ko.gz kernel/d.ko kernel/sub/b_one.ko.xz kernel/c.ko.zst kernel/a.ko",
		"d-two":           "kernel/d-two.ko.gz",
		"d_two":           "kernel/d-two.ko.gz",
		"b-one":           "kernel/d-two.ko.gz kernel/d.ko kernel/sub/b_one.ko.xz",
		"lonely d lonely": "kernel/lonely.ko kernel/d-two.ko.gz kernel/d.ko",
		"core":            "",
		"ext_four lonely": "kernel/lonely.ko",
		"updated":         "updates/updated.ko",
		"":                "",
	} {
		got, err := m.Closure(strings.Fields(names)...)
		if err != nil {
			t.Errorf("%s: %v", names, err)
		}
		var files []string
		for _, module := range got {
			if module.Path != filepath.Join(m.dir, module.File) || !exists(module.Path) {
				t.Errorf("module %+v is not there", module)
			}
			files = append(files, module.File)
		}
		if diff := cmp.Diff(want, strings.Join(files, " ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", names, diff)
		}
	}
	if !m.BuiltIn("ext-four") || m.BuiltIn("a") {
		t.Error("BuiltIn is wrong")
	}
}

// TestClosureFaults has a row per fault of a module.
func TestClosureFaults(t *testing.T) {
	m := installed(t, someModules(t))
	for _, c := range []struct {
		name string
		want error
		says string
	}{
		{"absent", ErrNoModule, "absent: neither below"},
		{"needs-nothing", ErrNoModule, "nothing, which needs_nothing needs"},
		{"old", ErrModulesMismatch, "old.ko is for 6.11.0, the kernel is 6.12.1-test"},
		{"needs-old", ErrModulesMismatch, "old.ko"},
		{"garbage", ErrCorrupt, "garbage.ko"},
		{"garbage2", ErrCorrupt, "garbage2.ko.xz"},
		{"garbage3", ErrCorrupt, "garbage3.ko.zst"},
	} {
		_, err := m.Closure(c.name)
		wantError(t, err, c.want, c.says)
	}
	if _, err := m.Closure("x"); err == nil ||
		!strings.Contains(err.Error(), "modules need each other: x -> y -> x") {
		t.Errorf("modules that need each other: %v", err)
	}
}

func TestKernelWithoutModules(t *testing.T) {
	_, err := (&Kernel{Name: "./bzImage", Release: "6.12"}).Closure("veth")
	wantError(t, err, ErrNoModule, "./bzImage")
	got, err := (&Kernel{Name: "./bzImage", Release: "6.12"}).Closure()
	if err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestBuildTreeModules(t *testing.T) {
	for series, order := range map[string]string{
		"until 6.2": "kernel/drivers/net/veth.ko\nkernel/net/sched/cls_bpf.ko\n",
		"since 6.3": "drivers/net/veth.o\nnet/sched/cls_bpf.o\n",
	} {
		tree := t.TempDir()
		write(t, tree, map[string][]byte{
			".config": []byte("CONFIG_A=y\n"), "include/config/kernel.release": []byte(testRelease),
			"modules.order":       []byte(order + "../../../etc/evil.ko\n"),
			"modules.builtin":     []byte("kernel/net/core.ko\n"),
			"drivers/net/veth.ko": ko(testRelease), "net/sched/cls_bpf.ko": ko(testRelease, "veth"),
			"stale/left.ko": ko("6.1"),
		})
		m, err := ReadModules(tree, testRelease)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.Closure("cls_bpf", "core")
		want := []Module{
			{"veth", tree + "/drivers/net/veth.ko", "kernel/drivers/net/veth.ko"},
			{"cls_bpf", tree + "/net/sched/cls_bpf.ko", "kernel/net/sched/cls_bpf.ko"},
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: error %v, closure (-want +got):\n%s", series, err, diff)
		}
		if diff := cmp.Diff([]string{"cls_bpf", "veth"}, m.Names()); diff != "" {
			t.Errorf("%s: names (-want +got):\n%s", series, diff)
		}
	}
}

func TestModulesDirectoryThatIsNotThere(t *testing.T) {
	_, err := ReadModules("/no/such/dir", testRelease)
	wantError(t, err, os.ErrNotExist, "/no/such/dir")
}

func FuzzModinfo(f *testing.F) {
	f.Add(ko(testRelease, "a", "b"))
	f.Add([]byte("\x7fELF"))
	f.Fuzz(func(t *testing.T, data []byte) {
		info, err := parseModinfo(data)
		if err == nil && info.release == "" {
			t.Error("no release and no error")
		}
	})
}
