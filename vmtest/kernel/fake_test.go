// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/loadstone-bpf/loadstone/vmtest/apt"
	"github.com/loadstone-bpf/loadstone/vmtest/kernel/kerneltest"
)

// The makers of what looks like a kernel, by the names that tests use.
var (
	bzImage      = kerneltest.BzImage
	ko           = kerneltest.Module
	packageFiles = kerneltest.PackageFiles
)

// compressed packs data as the extension of a module's file says.
func compressed(t testing.TB, extension string, data []byte) []byte {
	t.Helper()
	out := &bytes.Buffer{}
	var w io.WriteCloser
	var err error
	switch extension {
	case ".xz":
		w, err = xz.NewWriter(out)
	case ".zst":
		w, err = zstd.NewWriter(out)
	case ".gz":
		w = gzip.NewWriter(out)
	default:
		return data
	}
	if err == nil {
		_, err = w.Write(data)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// write writes files below dir, by their path.
func write(t testing.TB, dir string, files map[string][]byte) {
	t.Helper()
	for name, data := range files {
		if err := writeBelow(dir, name, data); err != nil {
			t.Fatal(err)
		}
	}
}

func writeBelow(dir, name string, data []byte) error {
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

// fakeSource has kernels that are made up. It needs no network.
type fakeSource struct {
	have      []Offer
	failed    error
	fetched   []string // the keys of the offers that were fetched
	refreshed int

	during func(o Offer, dir string) error // called before the files are written
	files  func(o Offer) map[string][]byte
}

func (f *fakeSource) offers(context.Context) ([]Offer, error) {
	return append([]Offer(nil), f.have...), f.failed
}

func (f *fakeSource) refresh(context.Context) error { f.refreshed++; return nil }

func (f *fakeSource) fetch(_ context.Context, o Offer, dir string) error {
	f.fetched = append(f.fetched, o.key())
	if f.during != nil {
		if err := f.during(o, dir); err != nil {
			return err
		}
	}
	files := packageFiles(o.Release, strings.HasPrefix(o.Series, "7."))
	if f.files != nil {
		files = f.files(o)
	}
	for name, data := range files {
		if err := writeBelow(filepath.Join(dir, "root"), name, data); err != nil {
			return err
		}
	}
	return nil
}

// offer makes an offer of a version, with the release that Debian would give it.
func offer(version string) Offer {
	upstream := apt.Version(version).Upstream()
	return Offer{
		Series: seriesOf().FindString(upstream), Release: upstream + "+deb13-cloud-amd64",
		Version: apt.Version(version), Suite: "debian-13",
	}
}

// storeOf makes a store with a source of those versions, in dir.
func storeOf(dir string, versions ...string) (*Store, *fakeSource) {
	source := &fakeSource{}
	for _, version := range versions {
		source.have = append(source.have, offer(version))
	}
	return &Store{
		options: Options{Arch: "amd64"}, dir: filepath.Join(dir, "kernels", "amd64"),
		source: source,
	}, source
}
