// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/features"
	"golang.org/x/sys/unix"
)

// HasMapType reports whether this kernel makes maps of that type: the kernel's name in lower case.
// It makes one and lets it go.
func HasMapType(name string) (bool, error) {
	number, err := mapTypeNumber(name)
	if err != nil {
		return false, err
	}
	err = features.HaveMapType(ebpf.MapType(number))
	if errors.Is(err, ebpf.ErrNotSupported) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("probe for map type %s: %w", name, err)
	}
	return true, nil
}

// HasTokens reports whether this kernel knows BPF tokens. It asks for one of a descriptor that is
// none, which a kernel without them does not come to look at.
func HasTokens() (bool, error) {
	const tokenCreate = 36 // BPF_TOKEN_CREATE
	attr := struct{ flags, bpffs uint32 }{bpffs: ^uint32(0)}
	fd, err := bpfFD(tokenCreate, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	switch {
	case errors.Is(err, unix.EBADF):
		return true, nil
	case errors.Is(err, unix.EINVAL):
		return false, nil
	case err == nil:
		err = errors.Join(errors.New("it makes one of no bpffs"), unix.Close(fd))
	}
	return false, fmt.Errorf("probe for BPF tokens: %w", err)
}

// nodeFolder begins the paths of the folders that the kernel has for NUMA nodes that are online. A
// node's number follows.
const nodeFolder = "/sys/devices/system/node/node"

// NUMANodes returns the number of NUMA nodes; 1 on a kernel without NUMA.
func NUMANodes() (int, error) {
	nodes, err := filepath.Glob(nodeFolder + "[0-9]*")
	if err != nil {
		return 0, fmt.Errorf("count NUMA nodes: %w", err)
	}
	return max(1, len(nodes)), nil
}

// HasNUMANode reports whether the NUMA node of that number is online. The numbers may have gaps, so
// [NUMANodes] does not tell. A kernel without NUMA has node 0.
func HasNUMANode(node int) (bool, error) {
	_, err := os.Stat(nodeFolder + strconv.Itoa(node))
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, os.ErrNotExist):
		return node == 0, nil
	}
	return false, fmt.Errorf("look for NUMA node %d: %w", node, err)
}

// PossibleCPUs returns how many CPUs the running kernel is prepared for, online or not.
func PossibleCPUs() (int, error) {
	n, err := ebpf.PossibleCPU()
	if err != nil {
		return 0, fmt.Errorf("count possible CPUs: %w", err)
	}
	return n, nil
}

// Release returns the running kernel's release and machine, as uname says.
func Release() (release, machine string, err error) {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return "", "", fmt.Errorf("uname: %w", err)
	}
	return unix.ByteSliceToString(name.Release[:]), unix.ByteSliceToString(name.Machine[:]), nil
}

// kconfig reads the configuration of the running kernel: where distributions have it, or the
// kernel's own copy. The error is [os.ErrNotExist] where there is neither.
func kconfig() ([]byte, error) {
	release, _, err := Release()
	if err != nil {
		return nil, err
	}
	config, err := os.ReadFile("/boot/config-" + release)
	if !errors.Is(err, os.ErrNotExist) {
		return config, err
	}
	f, err := os.Open("/proc/config.gz")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// Kconfig returns the value of a kconfig symbol of the running kernel: "y", "m", a string, or ""
// for one that is not set. The symbol is written without CONFIG_. known is false where the kernel's
// configuration cannot be read.
func Kconfig(symbol string) (value string, known bool, err error) {
	config, err := kconfig()
	if errors.Is(err, os.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("read kconfig: %w", err)
	}
	for line := range strings.Lines(string(config)) {
		if value, ok := strings.CutPrefix(line, "CONFIG_"+symbol+"="); ok {
			return strings.Trim(strings.TrimSpace(value), `"`), true, nil
		}
	}
	return "", true, nil
}
