// SPDX-License-Identifier: Apache-2.0

package repro

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// A packed is a file of a test's archive.
type packed struct {
	tar.Header
	data []byte
}

// pack returns an archive of any files.
func pack(t *testing.T, files []packed) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	for _, f := range files {
		f.Size, f.Mode = int64(len(f.data)), 0o644
		if f.Typeflag == 0 {
			f.Typeflag = tar.TypeReg
		}
		if err := w.WriteHeader(&f.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// unpacked returns the files of the fake bundle.
func unpacked(t *testing.T) []packed {
	t.Helper()
	data, err := fake().archive()
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var files []packed
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, packed{tar.Header{Name: h.Name}, data})
	}
}

func TestBundlesOfOthers(t *testing.T) {
	folder := fake().Name() + "/"
	add := func(name string, data []byte) func([]packed) []packed {
		return func(files []packed) []packed { return append(files, packed{tar.Header{Name: name}, data}) }
	}
	manifest := func(change func(map[string]any)) func([]packed) []packed {
		return func(files []packed) []packed {
			var m map[string]any
			if err := json.Unmarshal(files[0].data, &m); err != nil {
				t.Fatal(err)
			}
			change(m)
			text, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			files[0].data = text
			return files
		}
	}
	for name, tt := range map[string]struct {
		change func([]packed) []packed
		want   error
	}{
		"a path upwards":           {add(folder+"../../etc/passwd", nil), ErrMember},
		"an absolute path":         {add("/etc/passwd", nil), ErrMember},
		"another folder":           {add("other/README.md", nil), ErrMember},
		"no folder":                {add("README.md", nil), ErrMember},
		"a hidden file":            {add(folder+".bashrc", nil), ErrMember},
		"an empty name":            {add(folder+"objects//x", nil), ErrMember},
		"an escape in a name":      {add(folder+"a\x1b[31m", nil), ErrMember},
		"a file twice":             {add(folder+readmeFile, nil), ErrMember},
		"a file more":              {add(folder+"more", nil), ErrAltered},
		"a file less":              {func(f []packed) []packed { return f[:len(f)-1] }, ErrAltered},
		"a file of other contents": {func(f []packed) []packed { f[1].data = []byte("x"); return f }, ErrAltered},
		"a link": {func(f []packed) []packed {
			return append(f, packed{tar.Header{Name: folder + "l", Typeflag: tar.TypeSymlink, Linkname: "/etc"}, nil})
		}, ErrMember},
		"a device": {func(f []packed) []packed {
			return append(f, packed{tar.Header{Name: folder + "d", Typeflag: tar.TypeChar}, nil})
		}, ErrMember},
		"a file of zeros without end": {add(folder+"zeros", make([]byte, maxWhole+1)), ErrTooLarge},
		"files without end": {func(f []packed) []packed {
			for i := range maxMembers {
				f = add(folder+fmt.Sprint(i), nil)(f)
			}
			return f
		}, ErrTooLarge},
		"no manifest":         {func(f []packed) []packed { return f[1:] }, ErrNotBundle},
		"a manifest of words": {func(f []packed) []packed { f[0].data = []byte("words"); return f }, ErrNotBundle},
		"a newer format":      {manifest(func(m map[string]any) { m["format"] = 2; m["verdict"] = "no more" }), ErrNewer},
		"no format":           {manifest(func(m map[string]any) { delete(m, "format") }), ErrNotBundle},
		"no verdict":          {manifest(func(m map[string]any) { delete(m, "verdict") }), ErrNotBundle},
		"a pass":              {manifest(func(m map[string]any) { m["verdict"].(map[string]any)["verdict"] = "pass" }), ErrNotBundle},
		"an object that is not there": {manifest(func(m map[string]any) {
			m["objects"].([]any)[0].(map[string]any)["file"] = "objects/9/x"
		}), ErrAltered},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(bytes.NewReader(pack(t, tt.change(unpacked(t)))))
			if !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
	if _, err := Read(bytes.NewReader(pack(t, unpacked(t)))); err != nil {
		t.Errorf("the bundle as it was: %v", err)
	}
}

func TestWhatIsNoBundle(t *testing.T) {
	dir := t.TempDir()
	whole, err := fake().archive()
	if err != nil {
		t.Fatal(err)
	}
	huge := filepath.Join(dir, "huge")
	if err := os.WriteFile(huge, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(huge, maxArchive+1); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"empty": {}, "words": []byte("words"), "half": whole[:len(whole)/2], "cut": whole[:len(whole)-4],
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]error{
		"empty": ErrNotBundle, "words": ErrNotBundle, "half": ErrNotBundle, "cut": ErrNotBundle,
		"huge": ErrTooLarge, ".": ErrNotBundle, "none": os.ErrNotExist,
	} {
		if _, err := ReadFile(filepath.Join(dir, name)); !errors.Is(err, want) {
			t.Errorf("%s: error %v, want %v", name, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	whole, err := fake().archive()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte("words"))
	known := []error{ErrNotBundle, ErrNewer, ErrTooLarge, ErrMember, ErrAltered}
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := Read(bytes.NewReader(data))
		if err == nil {
			_, err = b.Conversation()
		}
		if err == nil {
			return
		}
		for _, k := range known {
			if errors.Is(err, k) {
				return
			}
		}
		t.Errorf("error %v is none of this package", err)
	})
}
