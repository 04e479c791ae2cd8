// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/vmtest/guest"
)

func TestPlace(t *testing.T) {
	for name, want := range map[string]string{
		"/lib/x86_64-linux-gnu/libz.so.1": "/usr/lib/x86_64-linux-gnu/libz.so.1",
		"lib64/ld.so":                     "/usr/lib64/ld.so", "/usr/lib/../bin/a": "/usr/bin/a",
		"/sbin": "/usr/sbin", "./etc/hosts": "/etc/hosts", "/library/x": "/library/x",
		"/../../lib/x": "/usr/lib/x", "/": "/",
	} {
		if got := underUsr(name); got != want {
			t.Errorf("place(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestLinksAreFollowed(t *testing.T) {
	links := tree{}
	links.addFile("/lib/there/file", 0o755, []byte("x"))
	links.addLink("/usr/lib/beside", "there/file")
	links.addLink("/absolute", "/lib/beside")
	links.addLink("/lib/folder", "../lib/there")
	links.addLink("/up", "../../../lib/there/file")
	links.addLink("/loop", "/loop")
	links.addLink("/growing", "/growing/x")
	links.addLink("/dangling", "/nowhere")
	for name, want := range map[string]string{
		"/lib/there/file": "/usr/lib/there/file", "/lib/beside": "/usr/lib/there/file",
		"/absolute":        "/usr/lib/there/file",
		"/lib/folder/file": "/usr/lib/there/file", "/up": "/usr/lib/there/file",
		"/loop": "", "/growing": "", "/dangling": "", "/usr/lib/there": "", "/nobody": "", "/": "",
	} {
		got, _, ok := links.resolve(name)
		if got != want || ok != (want != "") {
			t.Errorf("resolve(%q) = %q, %v, want %q", name, got, ok, want)
		}
	}
}

func TestEqualTreesAreEqualBytes(t *testing.T) {
	first, second := tree{}, tree{}
	first.addFile("/loader/a", 0o644, []byte("a"))
	first.addLink("/loader/b", "a")
	second.addLink("/loader/b", "a")
	// who else may read it on the host means nothing in the root
	second.addFile("/loader/a", 0o600, []byte("a"))
	x, err := first.archive()
	if err != nil {
		t.Fatal(err)
	}
	y, err := second.archive()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(x, y) {
		t.Error("they differ")
	}
	second.addFile("/loader/a", 0o755, []byte("a"))
	if y, err = second.archive(); err != nil || bytes.Equal(x, y) {
		t.Errorf("with an executable bit they do not differ (%v)", err)
	}
}

func TestGuestUnpacksWhatIsArchived(t *testing.T) {
	all := tree{}
	all.addFile("/loader/deep/er/file", 0o755, []byte("content"))
	all.addFile("/loader/empty", 0o644, nil)
	all.addLink("/lib/x86_64-linux-gnu/libx.so", "libx.so.1")
	archive, err := all.archive()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := guest.Unpack(archive, dir); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	err = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		got[name[len(dir):]] = info.Mode().String()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	delete(got, "")
	want := map[string]string{
		"/bin": "Lrwxrwxrwx", "/lib": "Lrwxrwxrwx", "/lib64": "Lrwxrwxrwx", "/sbin": "Lrwxrwxrwx",
		"/dev": "drwxr-xr-x", "/proc": "drwxr-xr-x", "/sys": "drwxr-xr-x", "/tmp": "drwxrwxrwx",
		"/usr": "drwxr-xr-x", "/usr/bin": "drwxr-xr-x", "/usr/lib": "drwxr-xr-x",
		"/usr/lib64": "drwxr-xr-x", "/usr/sbin": "drwxr-xr-x",
		"/usr/lib/x86_64-linux-gnu":         "drwxr-xr-x",
		"/usr/lib/x86_64-linux-gnu/libx.so": "Lrwxrwxrwx",
		"/loader":                           "drwxr-xr-x", "/loader/empty": "-rw-r--r--",
		"/loader/deep": "drwxr-xr-x", "/loader/deep/er": "drwxr-xr-x",
		"/loader/deep/er/file": "-rwxr-xr-x",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "loader/deep/er/file")); err != nil ||
		string(text) != "content" {
		t.Errorf("%q, %v", text, err)
	}
}
