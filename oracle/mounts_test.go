// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestMountTableIsRead(t *testing.T) {
	got, err := bpffsIn(strings.NewReader(`22 1 0:20 / / rw,relatime - ext4 /dev/vda rw
36 22 0:32 / /sys/fs/bpf rw,nosuid shared:9 master:1 - bpf bpf rw,mode=700
37 22 0:33 /sub /mnt/a\040b\134 rw - bpf none rw
38 22 0:34 / /bpf rw - tmpfs bpf rw
`))
	want := []mounted{{"0:32", "/sys/fs/bpf"}, {"0:33", `/mnt/a b\`}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(mounted{})); diff != "" || err != nil {
		t.Errorf("%v; -want +got\n%s", err, diff)
	}
	if got, err := bpffsIn(strings.NewReader("36 22 0:32 /\n")); err == nil {
		t.Errorf("a short line: %v", got)
	}
}

func TestPinIsListedOnceInEveryMount(t *testing.T) {
	folder := bpffs(t)
	m, id := newMap(t, typed())
	path := filepath.Join(folder, "deep", "map")
	noError(t, os.Mkdir(filepath.Dir(path), 0o700))
	noError(t, m.Pin(path))
	again := filepath.Join(t.TempDir(), "with a blank")
	noError(t, os.Mkdir(again, 0o700))
	noError(t, unix.Mount(folder, again, "", unix.MS_BIND, ""))
	t.Cleanup(func() { noError(t, unix.Unmount(again, 0)) })
	mounts, err := BPFFSMounts()
	if err != nil || !slices.Contains(mounts, folder) || !slices.Contains(mounts, again) {
		t.Errorf("mounts %v, %v", mounts, err)
	}
	pins, err := AllPins()
	noError(t, err)
	var ours []Pin
	for _, p := range pins {
		if p.Object == (Object{Kind: KindMap, ID: id}) {
			ours = append(ours, p)
		}
	}
	if diff := cmp.Diff([]Pin{{path, Object{Kind: KindMap, ID: id}}}, ours); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// In a bpffs that is mounted read-only the kernel opens maps and programs for reading, and no link.
func TestPinInAReadOnlyMount(t *testing.T) {
	folder := bpffs(t)
	m, id := newMap(t, typed())
	noError(t, m.Pin(filepath.Join(folder, "map")))
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Type: ebpf.RawTracepoint, License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()},
	})
	noError(t, err)
	t.Cleanup(func() { noError(t, program.Close()) })
	attached, err := link.AttachRawTracepoint(link.RawTracepointOptions{
		Name: "sched_process_exec", Program: program,
	})
	noError(t, err)
	t.Cleanup(func() { noError(t, attached.Close()) })
	noError(t, attached.Pin(filepath.Join(folder, "link")))
	list := func() (paths []string) {
		all, err := AllPins()
		noError(t, err)
		for _, p := range all {
			if p.Object == (Object{Kind: KindMap, ID: id}) || strings.HasPrefix(p.Path, folder) {
				paths = append(paths, p.Path)
			}
		}
		return paths
	}
	noError(t, unix.Mount("", folder, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	t.Cleanup(func() { noError(t, unix.Mount("", folder, "", unix.MS_REMOUNT, "")) })
	if got := list(); !slices.Equal(got, []string{filepath.Join(folder, "map")}) {
		t.Errorf("read-only: %q", got)
	}
	if _, _, err := PinnedAt(filepath.Join(folder, "link")); !errors.Is(err, ErrCannotTell) {
		t.Errorf("the link: %v", err)
	}
	noError(t, unix.Mount("", folder, "", unix.MS_REMOUNT, ""))
	if got := list(); len(got) != 2 {
		t.Errorf("to be written again: %q", got)
	}
}

func TestHiddenMountIsLeftOut(t *testing.T) {
	folder := bpffs(t)
	noError(t, unix.Mount("tmpfs", folder, "tmpfs", 0, ""))
	hidden, err := BPFFSMounts()
	noError(t, unix.Unmount(folder, 0))
	if err != nil || slices.Contains(hidden, folder) {
		t.Errorf("mounts %v, %v", hidden, err)
	}
}

func TestHolderIsThisProcess(t *testing.T) {
	_, id := newMap(t, typed())
	holders, err := Holders()
	noError(t, err)
	if got := holders[Object{Kind: KindMap, ID: id}]; !slices.Equal(got, []int{os.Getpid()}) {
		t.Errorf("map %d is held by %v, want %d", id, got, os.Getpid())
	}
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
