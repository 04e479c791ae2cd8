// SPDX-License-Identifier: Apache-2.0

package command

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// NewBPFFS makes a bpffs that is mounted nowhere, and returns its root. Its files have paths
// through that descriptor only, and go away with the last descriptor.
func NewBPFFS() (*os.File, error) {
	kind, err := unix.Fsopen("bpf", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make a bpffs: %w", explainRights(err))
	}
	defer unix.Close(kind)
	if err := unix.FsconfigCreate(kind); err != nil {
		return nil, fmt.Errorf("make a bpffs: %w", err)
	}
	root, err := unix.Fsmount(kind, unix.FSMOUNT_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("make a bpffs: %w", err)
	}
	return os.NewFile(uintptr(root), "bpffs"), nil
}
