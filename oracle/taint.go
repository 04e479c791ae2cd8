// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Taint returns the bits with which the kernel notes that it is not as it was built, or that
// something went wrong (Documentation/admin-guide/tainted-kernels.rst). They are never taken back.
func Taint() (uint64, error) {
	text, err := os.ReadFile("/proc/sys/kernel/tainted")
	if err != nil {
		return 0, err
	}
	bits, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("/proc/sys/kernel/tainted: %w", err)
	}
	return bits, nil
}
