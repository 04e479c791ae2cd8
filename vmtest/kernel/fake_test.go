// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/loadstone-bpf/loadstone/vmtest/apt"
)

// bzImage makes the smallest file that is a bzImage of a release.
func bzImage(release string) []byte {
	const setup, system = 5 * 512, 16 * 64 // bytes
	image := make([]byte, setup+system)
	image[x86SetupSectors] = 4
	le := binary.LittleEndian
	le.PutUint32(image[x86SystemSize:], system/16)
	le.PutUint16(image[x86BootFlag:], 0xaa55)
	copy(image[x86Magic:], "HdrS")
	le.PutUint16(image[x86Protocol:], 0x020f)
	le.PutUint16(image[x86KernelVersion:], 0x300)
	image[x86LoadFlags] = 1
	copy(image[0x300+x86BannerBase:], release+" (nobody@localhost) #1 SMP today\x00")
	return image
}

// ko makes the smallest ELF file that is a module: its .modinfo and no code.
func ko(release string, depends ...string) []byte {
	info := "license=GPL\x00depends=" + strings.Join(depends, ",") + "\x00vermagic=" + release + " SMP mod_unload \x00"
	const names = "\x00.modinfo\x00.shstrtab\x00"
	const header, sectionHeader = 64, 64 // bytes
	data := &bytes.Buffer{}
	le := binary.LittleEndian
	write := func(values ...any) {
		for _, v := range values {
			_ = binary.Write(data, le, v) // to memory
		}
	}
	sections := uint64(header + len(info) + len(names))
	data.WriteString("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9))
	write(uint16(1), uint16(62), uint32(1), uint64(0), uint64(0), sections, uint32(0), uint16(header), uint16(0), uint16(0), uint16(sectionHeader), uint16(3), uint16(2))
	data.WriteString(info + names)
	section := func(name, kind uint32, offset, size uint64) {
		write(name, kind, uint64(0), uint64(0), offset, size, uint32(0), uint32(0), uint64(1), uint64(0))
	}
	section(0, 0, 0, 0)
	section(1, 1, header, uint64(len(info)))
	section(10, 3, uint64(header+len(info)), uint64(len(names)))
	return data.Bytes()
}

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

// packageFiles are the files of a kernel's packages, of the layout until Linux
// 6.18 or since then.
func packageFiles(release string, split bool) map[string][]byte {
	modules := "lib/modules/" + release + "/"
	image, config := "boot/vmlinuz-"+release, "boot/config-"+release
	if split {
		modules = "usr/" + modules
		image, config = modules+"vmlinuz", modules+"config"
	}
	return map[string][]byte{
		image: bzImage(release), config: []byte("CONFIG_BPF_SYSCALL=y\nCONFIG_VETH=m\n"), "boot/System.map-" + release: []byte("x"),
		modules + "kernel/drivers/net/veth.ko": ko(release), modules + "kernel/net/sched/cls_bpf.ko": ko(release, "act_api"),
		modules + "kernel/net/sched/act_api.ko": ko(release), modules + "modules.builtin": []byte("kernel/net/core/core.ko\n"),
	}
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
	return Offer{Series: seriesOf.FindString(upstream), Release: upstream + "+deb13-cloud-amd64", Version: apt.Version(version), Suite: "debian-13"}
}

// storeOf makes a store with a source of those versions, in dir.
func storeOf(dir string, versions ...string) (*Store, *fakeSource) {
	source := &fakeSource{}
	for _, version := range versions {
		source.have = append(source.have, offer(version))
	}
	return &Store{options: Options{Arch: "amd64"}, dir: filepath.Join(dir, "kernels", "amd64"), source: source}, source
}
