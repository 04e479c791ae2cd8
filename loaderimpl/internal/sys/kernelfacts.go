// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"
)

// mostConfig limits the text of a configuration that is read, in bytes. Those of distributions have
// some 300 KB.
const mostConfig = 16 << 20

// Config returns the configuration of the running kernel as text: that in /boot, as distributions
// have it, or the kernel's own, if it was built to keep it (libbpf,
// bpf_object__read_kconfig_file).
func Config() (string, error) {
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return "", err
	}
	text, err := readConfig("/boot/config-" + unix.ByteSliceToString(uts.Release[:]))
	if err == nil {
		return text, nil
	}
	text, again := readConfig("/proc/config.gz")
	if again != nil {
		return "", fmt.Errorf("%w, and %w", err, again)
	}
	return text, nil
}

// readConfig reads a configuration, compressed or not.
func readConfig(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		return string(data), nil
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	var text strings.Builder
	n, err := io.Copy(&text, io.LimitReader(z, mostConfig))
	if err == nil && n == mostConfig {
		err = fmt.Errorf("more than %d bytes: %w", mostConfig, unix.EFBIG)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return text.String(), nil
}

// Symbols opens the kernel's list of its symbols.
func Symbols() (io.ReadCloser, error) { return os.Open("/proc/kallsyms") }

// Version returns the version of the running kernel as KERNEL_VERSION makes it. Ubuntu and Debian
// say elsewhere which release of Linux their kernel is; uname has another number there (libbpf,
// get_kernel_version).
func Version() (uint64, error) {
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return 0, err
	}
	release := unix.ByteSliceToString(uts.Release[:])
	if _, after, found := strings.Cut(unix.ByteSliceToString(uts.Version[:]), "Debian "); found {
		release = after
	}
	signature, err := os.ReadFile("/proc/version_signature")
	if fields := strings.Fields(string(signature)); err == nil && len(fields) == 3 {
		release = fields[2]
	}
	return parseVersion(release)
}

// parseVersion makes a number of the first three of a release: 6.12.48-amd64.
func parseVersion(release string) (uint64, error) {
	const most = 255 // the third number of 4.9 and 4.14 went beyond, and KERNEL_VERSION cuts it
	var n [3]uint64
	rest := release
	for i := range n {
		end := strings.IndexFunc(rest, func(c rune) bool { return c < '0' || '9' < c })
		if end < 0 {
			end = len(rest)
		}
		v, err := strconv.ParseUint(rest[:end], 10, 32)
		if err != nil {
			if i == 2 { // 6.12-rc1
				break
			}
			return 0, fmt.Errorf("kernel version %q: %w", release, err)
		}
		n[i], rest = min(v, most), strings.TrimPrefix(rest[end:], ".")
	}
	return n[0]<<16 | n[1]<<8 | n[2], nil
}

// HasBPFCookie reports whether programs can ask for the cookie that they were attached with (Linux
// 5.15, 7adfc6c9b315, "bpf: Add bpf_get_attach_cookie() BPF helper to access bpf_cookie value"). A
// kernel that does not know the helper refuses a program that calls it. The program takes CAP_BPF
// and CAP_PERFMON.
func HasBPFCookie(token int) (bool, error) {
	var code bytes.Buffer
	insns := asm.Instructions{asm.FnGetAttachCookie.Call(), asm.Return()}
	if err := insns.Marshal(&code, nativeOrder()); err != nil {
		return false, fmt.Errorf("write the program that asks for a cookie: %w", err)
	}
	attr := (&Program{
		Type: uint32(ebpf.TracePoint), Code: code.Bytes(), License: "GPL", Token: token,
	}).attr()
	fd, err := tryLoadProg(attr)
	runtime.KeepAlive(attr)
	switch {
	case err == nil:
		Close(fd)
		return true, nil
	case errors.Is(err, unix.EINVAL):
		return false, nil
	}
	return false, fmt.Errorf("ask the kernel for helper bpf_get_attach_cookie: %w", err)
}

// SyscallSymbol names the function of bpf(2) as a kernel has it that wraps system calls, "" on an
// architecture that does not.
func SyscallSymbol() string {
	prefix := map[string]string{"amd64": "x64", "386": "ia32", "s390x": "s390x", "arm": "arm",
		"arm64": "arm64", "mips64": "mips", "mips64le": "mips", "riscv64": "riscv",
		"ppc64": "powerpc64", "ppc64le": "powerpc64"}[runtime.GOARCH]
	if prefix == "" {
		return ""
	}
	return "__" + prefix + "_sys_bpf"
}
