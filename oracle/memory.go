// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"
)

// LinesOfKernelMemory are those of /proc/meminfo that make up what the kernel itself holds and
// cannot take back.
var LinesOfKernelMemory = []string{"SUnreclaim:", "Percpu:", "VmallocUsed:", "KernelStack:"}

// KernelMemory returns how much memory the kernel itself holds, in KiB. It goes up and down by some
// hundred KiB where nothing happens.
func KernelMemory() (kib int, err error) {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	return kernelMemoryIn(text)
}

// kernelMemoryIn adds up the lines of a /proc/meminfo. A kernel may lack some of them.
func kernelMemoryIn(meminfo []byte) (kib int, err error) {
	found := false
	lines := bufio.NewScanner(bytes.NewReader(meminfo))
	for lines.Scan() {
		for _, key := range LinesOfKernelMemory {
			rest, is := strings.CutPrefix(lines.Text(), key)
			if !is {
				continue
			}
			var amount int
			if _, err := fmt.Sscanf(rest, "%d kB", &amount); err != nil {
				return 0, fmt.Errorf("line %q of /proc/meminfo: %w", lines.Text(), err)
			}
			kib, found = kib+amount, true
		}
	}
	if !found {
		return 0, fmt.Errorf("/proc/meminfo tells nothing of the kernel's memory")
	}
	return kib, nil
}
