// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// SymbolAddresses returns the addresses that the kernel lists for a symbol of its own.
func SymbolAddresses(name string) ([]uint64, error) {
	const path = "/proc/kallsyms"
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var found []uint64
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 3 || fields[2] != name {
			continue
		}
		address, err := strconv.ParseUint(fields[0], 16, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path, name, err)
		}
		found = append(found, address)
	}
	return found, lines.Err()
}

// LinuxVersion returns the version of the kernel as KERNEL_VERSION makes it of the release of Linux
// that it is: Debian says it behind its own name, others where uname -r begins.
func LinuxVersion() (uint32, error) {
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return 0, fmt.Errorf("uname: %w", err)
	}
	release := unix.ByteSliceToString(uts.Release[:])
	if _, debian, is := strings.Cut(unix.ByteSliceToString(uts.Version[:]), "Debian "); is {
		release = debian
	}
	var major, minor, patch uint32
	if _, err := fmt.Sscanf(release, "%d.%d.%d", &major, &minor, &patch); err != nil {
		return 0, fmt.Errorf("version of kernel %q: %w", release, err)
	}
	return major<<16 | minor<<8 | min(patch, 255), nil
}
