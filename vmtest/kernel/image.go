// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"

	"github.com/loadstone-bpf/loadstone/vmtest/arch"
)

// Image holds what the header of a boot image says about it.
type Image struct {
	Release string // as uname -r will say
	Banner  string // release, builder and build date
}

// ReadImage reads the header of a boot image of a Debian architecture, and
// checks that the file is as long as the header says. It returns
// [ErrNotAnImage] for anything else, and for an image that was cut short.
func ReadImage(path, architecture string) (*Image, error) {
	a, err := arch.Describe(architecture)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: images of architecture %q are not known", path,
			ErrNotAnImage, architecture)
	}
	reader := imageReaders[a.ImageFormat]
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w: it is no regular file", path, ErrNotAnImage)
	}
	image, err := reader.read(file, info.Size())
	if err != nil {
		if other := foreignImage(file, info.Size(), a); other != "" {
			return nil, fmt.Errorf("%s: %w for %s: it is one for %s", path, ErrNotAnImage,
				architecture, other)
		}
		return nil, fmt.Errorf("%s: %w for %s: %w; give %s", path, ErrNotAnImage, architecture, err,
			reader.give)
	}
	return image, nil
}

// foreignImage returns the architectures that a file is a boot image for, of those whose images
// have another format than that of a; none if it is no image.
func foreignImage(file io.ReaderAt, size int64, a arch.Arch) string {
	var names []string
	for _, other := range arch.All() {
		if other.ImageFormat == a.ImageFormat {
			continue
		}
		if _, err := imageReaders[other.ImageFormat].read(file, size); err == nil {
			names = append(names, other.Debian)
		}
	}
	return strings.Join(names, " or ")
}

// imageReader reads boot images of one format.
type imageReader struct {
	read func(r io.ReaderAt, size int64) (*Image, error)
	give string // what the user should give instead
}

var imageReaders = map[arch.ImageFormat]imageReader{
	arch.X86Image:   {readBzImage, "a bzImage, not a vmlinux or a disk image"},
	arch.ARM64Image: {readARM64Image, "an Image, plain, gzipped or as an EFI zboot file"},
	arch.S390Image:  {readS390Image, "a bzImage of s390"},
}

// Offsets in the setup header of an x86 image, in bytes, and what stands there.
// Source: Documentation/arch/x86/boot.rst.
const (
	x86SetupSectors  = 0x1f1 // u8, 0 means 4
	x86SystemSize    = 0x1f4 // u32, protected-mode code in units of 16 bytes
	x86BootFlag      = 0x1fe // u16, 0xaa55
	x86Magic         = 0x202 // "HdrS"
	x86Protocol      = 0x206 // u16
	x86KernelVersion = 0x20e // u16, where the banner is, less 0x200
	x86LoadFlags     = 0x211 // u8, bit 0: loaded high, which makes it a bzImage
	x86HeaderEnd     = 0x212
	x86BannerBase    = 0x200
	x86BannerMax     = 512 // bytes of the banner that are looked at
)

func readBzImage(r io.ReaderAt, size int64) (*Image, error) {
	header := make([]byte, x86HeaderEnd)
	if _, err := r.ReadAt(header, 0); err != nil {
		return nil, fmt.Errorf("it has %d bytes and no header", size)
	}
	le := binary.LittleEndian
	if le.Uint16(header[x86BootFlag:]) != 0xaa55 || string(header[x86Magic:x86Magic+4]) != "HdrS" {
		return nil, errors.New("it has no boot header")
	}
	if le.Uint16(header[x86Protocol:]) < 0x0200 || header[x86LoadFlags]&1 == 0 {
		return nil, errors.New("it is an old zImage")
	}
	sectors := int64(header[x86SetupSectors])
	if sectors == 0 {
		sectors = 4
	}
	// Two 32-bit numbers and a few bits: int64 holds the sum.
	want := (sectors+1)*512 + int64(le.Uint32(header[x86SystemSize:]))*16
	if size < want {
		return nil, fmt.Errorf("it was cut short: %d bytes instead of %d", size, want)
	}
	at := le.Uint16(header[x86KernelVersion:])
	if at == 0 {
		return nil, errors.New("it does not say its release")
	}
	return readBanner(io.NewSectionReader(r, int64(at)+x86BannerBase, x86BannerMax))
}

// release matches what uname -r may say. It becomes part of paths.
var release = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[0-9]+\.[0-9]+[A-Za-z0-9.+~_-]{0,60}$`)
})

// readBanner reads "release (builder) #1 SMP date", which a NUL ends.
func readBanner(r io.Reader) (*Image, error) {
	text, err := io.ReadAll(io.LimitReader(r, x86BannerMax))
	if err != nil {
		return nil, err
	}
	banner, _, ended := bytes.Cut(text, []byte{0})
	first, _, _ := strings.Cut(string(banner), " ")
	if !ended || !release().MatchString(first) {
		return nil, fmt.Errorf("its release is %.40q, which is none", first)
	}
	return &Image{Release: first, Banner: string(banner)}, nil
}
