// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"fmt"
	"os"
	"strings"
)

// unprivilegedBPF has whether users without capabilities may use bpf(2): 0 that they may, 1 that
// they may not, 2 as 1, but that it can be changed (Documentation/admin-guide/sysctl/kernel.rst).
const unprivilegedBPF = "/proc/sys/kernel/unprivileged_bpf_disabled"

// What kernel.unprivileged_bpf_disabled may be, beside 2.
const (
	BPFAllowed = "0"
	BPFLocked  = "1"
)

// UnprivilegedBPF returns kernel.unprivileged_bpf_disabled.
func UnprivilegedBPF() (string, error) {
	text, err := os.ReadFile(unprivilegedBPF)
	return strings.TrimSpace(string(text)), err
}

// SetUnprivilegedBPF sets kernel.unprivileged_bpf_disabled.
func SetUnprivilegedBPF(value string) error {
	if err := os.WriteFile(unprivilegedBPF, []byte(value), 0); err != nil {
		return fmt.Errorf("set kernel.unprivileged_bpf_disabled to %s: %w", value, err)
	}
	return nil
}
