// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/externs"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// A runningExterns finds externs in this machine's kernel.
type runningExterns struct {
	runningKernel
	token int // descriptor of a token; 0 for none
}

// ModuleTypes finds the types of a module by its name.
func (runningExterns) ModuleTypes(name string) (int, io.Closer, error) {
	handle, err := btf.FindHandle(func(i *btf.HandleInfo) bool {
		return i.IsModule() && i.Name == name
	})
	if errors.Is(err, btf.ErrNotFound) {
		return -1, nil, fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	if err != nil {
		return -1, nil, err
	}
	return handle.FD(), handle, nil
}

// Config returns the kernel's configuration, which never changes while the kernel runs: a process
// reads it once and keeps it.
func (runningExterns) Config() (*externs.KernelConfig, error) {
	return kernelConfig.get(func() (*externs.KernelConfig, error) {
		text, err := sys.Config()
		if err != nil {
			return nil, err
		}
		return externs.ParseKernelConfig(text), nil
	})
}

var kernelConfig kept[*externs.KernelConfig]

func (runningExterns) Symbols() (io.ReadCloser, error) { return sys.Symbols() }
func (runningExterns) Version() (uint64, error)        { return sys.Version() }
func (k runningExterns) HasBPFCookie() (bool, error)   { return sys.HasBPFCookie(k.token) }
func (runningExterns) SyscallSymbol() string           { return sys.SyscallSymbol() }
