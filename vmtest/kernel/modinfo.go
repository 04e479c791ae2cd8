// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// maxModule gives the largest module that is read, unpacked, in bytes. Those of a
// distribution are a few megabytes; with debug information they are a hundred.
const maxModule = 512 << 20

// modinfo holds what a module says about itself in its section .modinfo.
type modinfo struct {
	release string   // of the kernel that it was built for
	depends []string // modules whose symbols it uses
}

// readModinfo reads the .modinfo of a module, compressed or not.
func readModinfo(path string) (*modinfo, error) {
	data, err := readModule(path)
	if err != nil {
		return nil, fmt.Errorf("module %s: %w", path, err)
	}
	info, err := parseModinfo(data)
	if err != nil {
		return nil, fmt.Errorf("module %s: %w: %w", path, ErrCorrupt, err)
	}
	return info, nil
}

// readModule returns the ELF file that a .ko, .ko.xz, .ko.zst or .ko.gz holds.
func readModule(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	// The xz package reads byte by byte.
	r, err := decompress(bufio.NewReader(file), filepath.Ext(path))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	data, err := io.ReadAll(io.LimitReader(r, maxModule+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if len(data) > maxModule {
		return nil, fmt.Errorf("%w: it has more than %d bytes", ErrCorrupt, maxModule)
	}
	return data, nil
}

func decompress(r io.Reader, extension string) (io.Reader, error) {
	switch extension {
	case ".xz":
		return xz.NewReader(r)
	case ".zst":
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderMaxMemory(maxModule))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	case ".gz":
		return gzip.NewReader(r)
	}
	return r, nil
}

// parseModinfo finds the .modinfo of an ELF file. Its entries are "key=value",
// and a NUL ends each. Source: include/linux/moduleparam.h, __MODULE_INFO.
func parseModinfo(data []byte) (*modinfo, error) {
	file, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	section := file.Section(".modinfo")
	if section == nil {
		return nil, errors.New("it has no section .modinfo")
	}
	text, err := section.Data()
	if err != nil {
		return nil, err
	}
	info := &modinfo{}
	for entry := range strings.SplitSeq(string(text), "\x00") {
		key, value, _ := strings.Cut(entry, "=")
		switch key {
		case "vermagic":
			info.release, _, _ = strings.Cut(value, " ")
		case "depends":
			info.depends = append(info.depends, splitNames(value)...)
		}
	}
	if info.release == "" {
		return nil, errors.New("it does not say which kernel it is for")
	}
	return info, nil
}

// splitNames splits a list of module names at its commas.
func splitNames(text string) []string {
	var names []string
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, canonical(name))
		}
	}
	return names
}

// canonical returns a module's name as the kernel knows it. File names and what
// users write may have hyphens.
func canonical(name string) string { return strings.ReplaceAll(name, "-", "_") }
