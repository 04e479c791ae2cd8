// SPDX-License-Identifier: Apache-2.0

package cilium

import (
	"debug/elf"
	"errors"
	"io"
	"io/fs"
	"strings"
	"syscall"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loader"
)

// refusal returns what a program can tell from an error of the library: its types, its sentinels,
// and the kernel's errno. Most errors of the ELF reader are text and no more, so the class is
// [loader.Unclassified] then; the text goes along for people.
func refusal(stage loader.Stage, err error) *loader.Rejected {
	r := &loader.Rejected{Stage: stage, Message: err.Error()}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		r.Errno = int(errno)
	}
	var verifier *ebpf.VerifierError
	// without a log the kernel refused before it verified
	if errors.As(err, &verifier) && len(verifier.Log) > 0 {
		r.Log = strings.Join(verifier.Log, "\n")
		r.Stage, r.Class = loader.AtVerify, loader.Verifier
		return r
	}
	// the library compares with pinned maps only
	if errors.Is(err, ebpf.ErrMapIncompatible) && stage == loader.AtLoad {
		r.Stage = loader.AtPin
	}
	r.Class = class(stage, err, errno)
	return r
}

func class(stage loader.Stage, err error, errno syscall.Errno) loader.Class {
	var notELF *elf.FormatError
	var path *fs.PathError
	switch {
	case errors.Is(err, ebpf.ErrMapIncompatible):
		return loader.IncompatiblePin
	case errors.Is(err, ebpf.ErrNotSupported):
		return loader.NotSupported
	case errors.As(err, &notELF):
		return loader.MalformedELF
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return loader.Malformed
	case errors.Is(err, btf.ErrNotFound):
		return loader.NotFound
	// where programs are attached, a file of the trace file system stands for what it names
	case errors.As(err, &path) && path.Op == "open" && stage != loader.AtAttach:
		return loader.IO
	case errno != 0:
		return loader.ClassOf(errno)
	}
	return loader.Unclassified
}
