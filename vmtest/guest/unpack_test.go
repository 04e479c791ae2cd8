// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/u-root/mkuimage/cpio"
)

// archive returns a newc archive of records.
func archive(t testing.TB, records ...cpio.Record) []byte {
	t.Helper()
	var b bytes.Buffer
	w := cpio.Newc.Writer(&b)
	for _, r := range records {
		if err := w.WriteRecord(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := cpio.WriteTrailer(w); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// raw writes an entry past what a writer would clean: names as they are.
func raw(name string, mode uint32, content string) []byte {
	var b bytes.Buffer
	b.WriteString(newcMagic)
	for _, field := range []int{
		0, int(mode), 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0,
	} {
		b.WriteString(strings.ToUpper(hex8(field)))
	}
	b.WriteString(name + "\x00")
	for b.Len()%4 != 0 {
		b.WriteByte(0)
	}
	b.WriteString(content)
	for b.Len()%4 != 0 {
		b.WriteByte(0)
	}
	return b.Bytes()
}

func hex8(v int) string {
	const digits = "0123456789abcdef"
	var b [8]byte
	for i := range b {
		b[i] = digits[v>>(28-4*i)&0xf]
	}
	return string(b[:])
}

// unpacked lists what is below a folder: mode, then content or target.
func unpacked(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		var content []byte
		switch {
		case info.Mode().IsRegular():
			content, err = os.ReadFile(path)
		case info.Mode()&fs.ModeSymlink != 0:
			var target string
			target, err = os.Readlink(path)
			content = []byte(target)
		}
		name, _ := filepath.Rel(dir, path)
		files[name] = info.Mode().String() + " " + string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestUnpack(t *testing.T) {
	dir := t.TempDir()
	err := Unpack(archive(t,
		cpio.Directory(".", 0o755),
		cpio.StaticFile("driver", "#!", 0o755),
		cpio.StaticFile("usr/lib/libbpf.so.1", "library", 0o644),
		cpio.Directory("usr/lib", 0o750),
		cpio.Symlink("lib", "usr/lib"),
		cpio.StaticFile("lib/libelf.so.1", "through the link", 0o644),
		cpio.Symlink("etc/absolute", "/nowhere"),
		cpio.StaticFile("empty", "", 0o600),
	), dir)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"driver":              "-rwxr-xr-x #!",
		"usr":                 "drwxr-xr-x ",
		"usr/lib":             "drwxr-x--- ",
		"usr/lib/libbpf.so.1": "-rw-r--r-- library",
		"usr/lib/libelf.so.1": "-rw-r--r-- through the link",
		"lib":                 "Lrwxrwxrwx usr/lib",
		"etc":                 "drwxr-xr-x ",
		"etc/absolute":        "Lrwxrwxrwx /nowhere",
		"empty":               "-rw------- ",
	}
	if diff := cmp.Diff(want, unpacked(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestUnpackRefuses(t *testing.T) {
	file := uint32(0o100644)
	whole := archive(t, cpio.StaticFile("file", "content", 0o644))
	entry := func(name string) []byte { return append(raw(name, file, "x"), whole...) }
	alter := func(at int, text string) []byte {
		b := bytes.Clone(whole)
		copy(b[at:], text)
		return b
	}
	tests := []struct {
		name    string
		archive []byte
		want    error // nil for any
	}{
		{"nothing", nil, ErrArchive},
		{"no archive", []byte(strings.Repeat("x", 200)), ErrArchive},
		{"archive without an end", raw("file", file, "x"), ErrArchive},
		{"archive that is cut", whole[:120], ErrArchive},
		{"size beyond the archive", alter(6+6*8, "FFFFFFFF"), ErrArchive},
		{"name beyond the archive", alter(6+11*8, "00000FFF"), ErrArchive},
		{"name of 4 GiB", alter(6+11*8, "FFFFFFFF"), ErrArchive},
		{"name without an end", alter(newcHeaderSize+4, "x"), ErrArchive},
		{"no name", alter(6+11*8, "00000000"), ErrArchive},
		{"size that is no number", alter(6+6*8, "+0000007"), ErrArchive},
		{"absolute name", entry("/etc/passwd"), ErrArchive},
		{"name that leads out", entry("../passwd"), ErrArchive},
		{"name that leads out later", entry("a/../../passwd"), ErrArchive},
		{"empty name", entry(""), ErrArchive},
		{"device", append(raw("null", 0o020666, ""), whole...), ErrArchive},
		{"link that leads out", archive(t, cpio.Symlink("out", "../.."), cpio.StaticFile("out/file", "x", 0o644)), nil},
		{"absolute link", archive(t, cpio.Symlink("out", "/tmp"), cpio.StaticFile("out/file", "x", 0o644)), nil},
		{"the same file twice", append(raw("file", file, "x"), whole...), fs.ErrExist},
		{"file in the place of a folder", append(raw("file/below", file, "x"), whole...), fs.ErrExist},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			parent := t.TempDir()
			dir := filepath.Join(parent, "in")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			err := Unpack(test.archive, dir)
			if err == nil || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			for name := range unpacked(t, parent) {
				if name != "in" && !strings.HasPrefix(name, "in/") {
					t.Errorf("%s landed outside", name)
				}
			}
		})
	}
}

func TestUnpackIntoNothing(t *testing.T) {
	if err := Unpack(archive(t), filepath.Join(t.TempDir(), "missing")); !errors.Is(err,
		fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(archive(f, cpio.StaticFile("a/b", "x", 0o644), cpio.Symlink("l", "a")))
	f.Add(raw("../x", 0o100644, "x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		// Entries alone, without a disk.
		for range len(b) {
			entry, rest, err := nextEntry(b)
			if err != nil || entry.name == newcTrailer {
				return
			}
			if len(rest) >= len(b) {
				t.Fatal("no progress")
			}
			b = rest
		}
	})
}
