// SPDX-License-Identifier: Apache-2.0

package cilium

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// typeFiles name the files with the types that CO-RE is done against: paths, empty for the running
// kernel's own, and for no more.
type typeFiles struct {
	kernel string
	extra  []string
}

// options reads the files, as a user of the library does who has them: it takes parsed types.
func (f typeFiles) options(newer Newer) (ebpf.ProgramOptions, error) {
	var o ebpf.ProgramOptions
	var err error
	if f.kernel != "" {
		if o.KernelTypes, err = btf.LoadSpec(f.kernel); err != nil {
			return o, fmt.Errorf("kernel types: %w", err)
		}
	}
	if len(f.extra) == 0 {
		return o, nil
	}
	base := o.KernelTypes
	if base == nil {
		if base, err = btf.LoadKernelSpec(); err != nil {
			return o, err
		}
	}
	var extra []*btf.Spec
	for _, path := range f.extra {
		spec, err := loadExtra(path, base)
		if err != nil {
			return o, fmt.Errorf("extra types: %w", err)
		}
		extra = append(extra, spec)
	}
	newer.ExtraTypes(&o, extra)
	return o, nil
}

// loadExtra reads types that are split from others, or whole where the file is an object's: the
// library has a call for each, and none that tells which of them a file needs. A split has no
// string at offset 0 of its own.
func loadExtra(path string, base *btf.Spec) (*btf.Spec, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(data, []byte("\x7fELF")) || isWhole(data) {
		return btf.LoadSpecFromReader(bytes.NewReader(data))
	}
	return btf.LoadSplitSpecFromReader(bytes.NewReader(data), base)
}

// isWhole reports whether raw BTF has strings of its own from the empty one on, as whole BTF must
// (struct btf_header, include/uapi/linux/btf.h). A split has it only by mistake.
func isWhole(data []byte) bool {
	const headerLength, atStrings = 4, 16
	if len(data) < atStrings+4 {
		return true
	}
	at := uint64(binary.NativeEndian.Uint32(data[headerLength:])) +
		uint64(binary.NativeEndian.Uint32(data[atStrings:]))
	return at < uint64(len(data)) && data[at] == 0
}
