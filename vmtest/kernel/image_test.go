// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/vmtest/arch"
)

// arm64Image makes the smallest file that is an arm64 Image of a release.
func arm64Image(release string) []byte {
	image := make([]byte, 4096)
	binary.LittleEndian.PutUint64(image[16:], 8192)
	copy(image[56:], "ARM\x64")
	copy(image[1000:],
		"Linux version %s (%s)\n\x00Linux version "+release+" (nobody@localhost) (gcc) #1 SMP today\n\x00")
	return image
}

// zboot wraps an image as EFI zboot does.
func zboot(t testing.TB, kind string, image []byte) []byte {
	t.Helper()
	extension := map[string]string{"gzip": ".gz", "zstd": ".zst"}[kind]
	payload := compressed(t, extension, image)
	file := make([]byte, 4096)
	copy(file, "MZ\x00\x00zimg")
	binary.LittleEndian.PutUint32(file[8:], uint32(len(file)))
	binary.LittleEndian.PutUint32(file[12:], uint32(len(payload)))
	copy(file[24:], kind)
	return append(file, payload...)
}

// s390Image makes the smallest file that is an s390 bzImage of a release.
func s390Image(release string) []byte {
	image := make([]byte, 0x20000)
	copy(image[0x10008:], "S390EP")
	copy(image[0x17fff:], "\x80"+release+" (nobody@localhost) #1 SMP today\x00")
	return image
}

func readImage(t testing.TB, architecture string, data []byte) (*Image, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return ReadImage(path, architecture)
}

func TestImagesOfAllArchitectures(t *testing.T) {
	gz := &bytes.Buffer{}
	w := gzip.NewWriter(gz)
	if _, err := w.Write(arm64Image("6.12.1-arm64")); errors.Join(err, w.Close()) != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, arch string
		data       []byte
		want       Image
	}{
		{"bzImage", "amd64", bzImage("6.12.1-amd64"), Image{"6.12.1-amd64", "6.12.1-amd64 (nobody@localhost) #1 SMP today"}},
		{"signed bzImage", "amd64", append(bzImage("6.1.0-56+x~1_y"), "signature"...), Image{"6.1.0-56+x~1_y", "6.1.0-56+x~1_y (nobody@localhost) #1 SMP today"}},
		{"Image", "arm64", arm64Image("6.12.1-arm64"), Image{"6.12.1-arm64", "6.12.1-arm64 (nobody@localhost) (gcc) #1 SMP today"}},
		{"Image.gz", "arm64", gz.Bytes(), Image{"6.12.1-arm64", "6.12.1-arm64 (nobody@localhost) (gcc) #1 SMP today"}},
		{"zboot with gzip", "arm64", zboot(t, "gzip", arm64Image("7.0")), Image{"7.0", "7.0 (nobody@localhost) (gcc) #1 SMP today"}},
		{"zboot with zstd", "arm64", zboot(t, "zstd", arm64Image("7.0")), Image{"7.0", "7.0 (nobody@localhost) (gcc) #1 SMP today"}},
		{"s390 bzImage", "s390x", s390Image("6.12.1-s390x"), Image{"6.12.1-s390x", "6.12.1-s390x (nobody@localhost) #1 SMP today"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := readImage(t, c.arch, c.data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&c.want, got); diff != "" {
				t.Errorf("image (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFilesThatAreNoImage(t *testing.T) {
	whole := bzImage("6.12.1")
	change := func(at int, with ...byte) []byte {
		data := bytes.Clone(whole)
		copy(data[at:], with)
		return data
	}
	for _, c := range []struct {
		name, arch string
		data       []byte
		says       string
	}{
		{"empty file", "amd64", nil, "it has 0 bytes"},
		{"text", "amd64", bytes.Repeat([]byte("text "), 1000), "no boot header"},
		{"ELF vmlinux", "amd64", append([]byte("\x7fELF"), make([]byte, 4096)...), "give a bzImage, not a vmlinux"},
		{"boot sector of a disk", "amd64", change(x86Magic, []byte("disk")...), "no boot header"},
		{"old zImage", "amd64", change(x86LoadFlags, 0), "zImage"},
		{"cut short", "amd64", whole[:len(whole)-1], "cut short: 3583 bytes instead of 3584"},
		{"no release", "amd64", change(x86KernelVersion, 0, 0), "does not say its release"},
		{"release outside of the file", "amd64", change(x86KernelVersion, 0xff, 0xff), "which is none"},
		{"release with a path in it", "amd64", change(0x500, []byte("6.1/../../etc\x00")...), "which is none"},
		{"release without an end", "amd64", change(0x500, bytes.Repeat([]byte("6.1"), 300)...), "which is none"},
		{"of another architecture", "arm64", whole, "it is one for amd64"},
		{"of arm64", "amd64", arm64Image("6.12.1"), "for amd64: it is one for arm64"},
		{"zboot of arm64", "amd64", zboot(t, "gzip", arm64Image("6.12.1")), "it is one for arm64"},
		{"of s390", "amd64", s390Image("6.12.1"), "it is one for s390x"},
		{"of an unknown architecture", "m68k", whole, `"m68k" are not known`},
		{"Image without a banner", "arm64", arm64Image("6.12.1")[:900], "cut short"},
		{"zboot cut short", "arm64", zboot(t, "gzip", arm64Image("6.1"))[:4100], "cut short"},
		{"zboot of an unknown compression", "arm64", bytes.Replace(zboot(t, "gzip", arm64Image("6.1")), []byte("gzip"), []byte("lzop"), 1), `"lzop" is not known`},
		{"s390 without a release", "s390x", s390Image("")[:0x17000], "does not say its release"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := readImage(t, c.arch, c.data)
			wantError(t, err, ErrNotAnImage, c.says)
			wantError(t, err, ErrUsage, "image")
		})
	}
	_, err := ReadImage(t.TempDir(), "amd64")
	wantError(t, err, ErrNotAnImage, "no regular file")
}

func TestEveryArchitectureHasItsImagesRead(t *testing.T) {
	for _, a := range arch.All() {
		if reader := imageReaders[a.ImageFormat]; reader.read == nil || reader.give == "" {
			t.Errorf("%s: nothing reads boot images of format %q", a.Name, a.ImageFormat)
		}
	}
}

func FuzzImage(f *testing.F) {
	for _, data := range [][]byte{
		bzImage("6.12.1"), arm64Image("6.1"), zboot(f, "gzip", arm64Image("7.0")),
		s390Image("6.12"),
	} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for format, reader := range imageReaders {
			image, err := reader.read(bytes.NewReader(data), int64(len(data)))
			if err == nil && !release().MatchString(image.Release) {
				t.Errorf("%s: release %q", format, image.Release)
			}
		}
	})
}
