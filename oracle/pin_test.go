// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// bpffs mounts a bpffs of the test's own.
func bpffs(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := unix.Mount("bpf", folder, "bpf", 0, ""); err != nil {
		t.Fatalf("mount a bpffs: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(folder, 0); err != nil {
			t.Errorf("unmount bpffs: %v", err)
		}
	})
	return folder
}

func TestPinnedObjectIsKnownByKindAndID(t *testing.T) {
	folder := bpffs(t)
	m, mapID := newMap(t, typed())
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Type: ebpf.RawTracepoint, Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()}, License: "GPL",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	programInfo, err := program.Info()
	if err != nil {
		t.Fatal(err)
	}
	programID, _ := programInfo.ID()
	attached, err := link.AttachRawTracepoint(link.RawTracepointOptions{Name: "sched_process_exec", Program: program})
	if err != nil {
		t.Fatal(err)
	}
	defer attached.Close()
	linkInfo, err := attached.Info()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		pin  func(path string) error
		want Object
	}{
		{"map", m.Pin, Object{Kind: KindMap, ID: mapID}},
		{"program", program.Pin, Object{Kind: KindProgram, ID: uint32(programID)}},
		{"link", attached.Pin, Object{Kind: KindLink, ID: uint32(linkInfo.ID)}},
	} {
		path := filepath.Join(folder, tc.name)
		if err := tc.pin(path); err != nil {
			t.Fatal(err)
		}
		got, file, err := PinnedAt(path)
		if err != nil || got != tc.want {
			t.Errorf("%s: %v, %v, want %v", tc.name, got, err, tc.want)
		}
		if file.Inode == 0 || file.Mode != unix.S_IFREG|0o600 {
			t.Errorf("%s: %v", tc.name, file)
		}
		if _, again, _ := PinnedAt(path); again != file {
			t.Errorf("%s: %v, then %v", tc.name, file, again)
		}
	}
}

func TestWhatPinsNothingIsNoPin(t *testing.T) {
	folder := filepath.Join(bpffs(t), "ours") // beside what the kernel has in every bpffs of its own
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(folder, "folder")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, file, err := PinnedAt(filepath.Join(folder, "missing")); !errors.Is(err, ErrNoPin) || file != (File{}) {
		t.Errorf("nothing: %v, %v", file, err)
	}
	if _, file, err := PinnedAt(dir); !errors.Is(err, ErrNoPin) || file.Mode&unix.S_IFMT != unix.S_IFDIR {
		t.Errorf("a folder: %v, %v", file, err)
	}
	nowhere := filepath.Join(folder, "nowhere")
	if err := os.Symlink("missing", nowhere); err != nil {
		t.Fatal(err)
	}
	if _, file, err := PinnedAt(nowhere); !errors.Is(err, ErrNoPin) || file == (File{}) {
		t.Errorf("a symbolic link that leads nowhere: %v, %v", file, err)
	}
	elsewhere := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(elsewhere, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, file, err := PinnedAt(elsewhere); !errors.Is(err, ErrNoPin) || file == (File{}) {
		t.Errorf("a file that is in no bpffs: %v, %v", file, err)
	}
	if pins, err := Pins(folder); err != nil || len(pins) > 0 {
		t.Errorf("pins of a folder that has none: %v, %v", pins, err)
	}
}
