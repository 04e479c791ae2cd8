// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// inList reports whether a number is in a list as sysfs writes them: "0", "0-3,8" (kernel,
// bitmap_print_to_pagebuf).
func inList(list string, n uint32) (bool, error) {
	if list == "" {
		return false, nil
	}
	found := false
	for part := range strings.SplitSeq(list, ",") {
		low, high, isRange := strings.Cut(part, "-")
		from, err := strconv.ParseUint(low, 10, 32)
		to := from
		if err == nil && isRange {
			to, err = strconv.ParseUint(high, 10, 32)
		}
		if err != nil || to < from {
			return false, fmt.Errorf("%q is no list of numbers", list)
		}
		found = found || uint64(n) >= from && uint64(n) <= to
	}
	return found, nil
}

// NodeOffline reports whether sysfs says that a NUMA node is not online. It reports false where the
// kernel has no NUMA, or there is no sysfs.
func NodeOffline(node uint32) bool {
	list, err := os.ReadFile("/sys/devices/system/node/online")
	if err != nil {
		return false
	}
	online, err := inList(strings.TrimSpace(string(list)), node)
	return err == nil && !online
}
