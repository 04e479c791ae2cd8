// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// maxImage gives the largest image that is unpacked to be looked at, in bytes.
const maxImage = 256 << 20

// arm64Banner matches linux_banner in the kernel's init/version.c: an arm64 image has
// no header field for the release. It takes longer to compile than most commands take.
var arm64Banner = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`Linux version ([0-9]+\.[0-9]+\S{0,60}) \([^\x00\n]{0,400}`)
})

// readARM64Image reads an Image, an Image.gz or an EFI zboot file. Source:
// Documentation/arch/arm64/booting.rst, and drivers/firmware/efi/libstub/zboot-header.S.
func readARM64Image(r io.ReaderAt, size int64) (*Image, error) {
	if size > maxImage {
		return nil, fmt.Errorf("it has %d bytes, which no image has", size)
	}
	data, err := io.ReadAll(io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, err
	}
	if data, err = unpackARM64Image(data); err != nil {
		return nil, err
	}
	const sizeAt, magicAt, headerEnd = 16, 56, 64 // u64 effective size, "ARM\x64"
	if len(data) < headerEnd || string(data[magicAt:magicAt+4]) != "ARM\x64" {
		return nil, errors.New("it has no boot header")
	}
	// The effective size includes bss, which the file does not have, so that
	// it is no measure of a cut; the banner is in the read-only data before it.
	if binary.LittleEndian.Uint64(data[sizeAt:]) == 0 {
		return nil, errors.New("its header gives no size")
	}
	found := arm64Banner().FindSubmatch(data)
	if found == nil {
		return nil, errors.New("it does not say its release, or was cut short")
	}
	return &Image{Release: string(found[1]), Banner: string(found[0][len("Linux version "):])}, nil
}

// unpackARM64Image returns the Image inside a compressed one, or data itself.
func unpackARM64Image(data []byte) ([]byte, error) {
	kind, payload := "", data
	switch {
	case bytes.HasPrefix(data, []byte{0x1f, 0x8b}):
		kind = "gzip"
	case len(data) > 56 && string(data[:2]) == "MZ" && string(data[4:8]) == "zimg":
		offset, size := uint64(binary.LittleEndian.Uint32(data[8:])),
			uint64(binary.LittleEndian.Uint32(data[12:]))
		if offset+size > uint64(len(data)) {
			return nil, fmt.Errorf("it was cut short: %d bytes instead of %d", len(data),
				offset+size)
		}
		name, _, _ := bytes.Cut(data[24:56], []byte{0})
		kind, payload = string(name), data[offset:offset+size]
	default:
		return data, nil
	}
	unpacked, err := unpackLimited(kind, payload)
	if err != nil {
		return nil, fmt.Errorf("its %s payload cannot be unpacked: %w", kind, err)
	}
	return unpacked, nil
}

func unpackLimited(kind string, payload []byte) ([]byte, error) {
	var r io.Reader
	switch kind {
	case "gzip":
		unzip, err := gzip.NewReader(bytes.NewReader(payload))
		if err != nil {
			return nil, err
		}
		// zboot appends the unpacked size to what gzip made.
		unzip.Multistream(false)
		r = unzip
	case "zstd", "zstd22":
		unzstd, err := zstd.NewReader(bytes.NewReader(payload), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		defer unzstd.Close()
		r = unzstd
	default:
		return nil, fmt.Errorf("compression %.20q is not known", kind)
	}
	return io.ReadAll(io.LimitReader(r, maxImage))
}

// s390Banner matches kernel_version in the kernel's arch/s390/boot/version.c.
var s390Banner = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(
		`[^0-9.]([0-9]+\.[0-9]+\S{0,60}) (\([^()\x00]{0,200}\) #[^\x00]{0,200})\x00`)
})

// readS390Image reads the bzImage of s390. Source: arch/s390/boot/head.S, where
// the magic stands at 0x10008.
func readS390Image(r io.ReaderAt, size int64) (*Image, error) {
	const magicAt, magic = 0x10008, "S390EP"
	const lookAt = 1 << 20 // bytes; the decompressor is the file's first part
	head, err := io.ReadAll(io.NewSectionReader(r, 0, min(size, lookAt)))
	if err != nil {
		return nil, err
	}
	if len(head) < magicAt+len(magic) || string(head[magicAt:magicAt+len(magic)]) != magic {
		return nil, errors.New("it has no boot header")
	}
	found := s390Banner().FindSubmatch(head)
	if found == nil {
		return nil, errors.New("it does not say its release, or was cut short")
	}
	return &Image{Release: string(found[1]), Banner: string(found[1]) + " " + string(found[2])}, nil
}
