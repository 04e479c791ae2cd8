// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"path/filepath"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typefile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// Types hold BTF of a file, for CO-RE: a kernel's, or more that programs may ask for. One value may
// be given to any number of loads, also at a time; what it consists of is read once.
type Types struct{ file *typefile.File }

// ReadTypes reads the BTF of a file: a raw one, as in /sys/kernel/btf, or section .BTF of an ELF
// file, as a kernel, a module or an object has it. Whether it is whole or goes on from a kernel's
// types (split BTF) is found when it is used. An ELF file may hold in section .BTF.base what it
// needs of those types, and then fits kernels of other builds.
//
// Errors are of type *[Error]: of [ClassIO], of [ClassBTFMissing] for an ELF file without BTF, of
// [ClassELF] or of [ClassBTF].
func ReadTypes(path string) (*Types, error) {
	f, err := typefile.Read(path)
	if err != nil {
		return nil, export(filepath.Base(path),
			refuse.At(refuse.StageOpen, typeinfo.Section, "", err))
	}
	return &Types{f}, nil
}
