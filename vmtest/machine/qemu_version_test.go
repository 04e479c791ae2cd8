// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestVersionOfQEMU(t *testing.T) {
	for _, c := range []struct{ says, want string }{
		{"QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\nCopyright (c)", "7.2.22"},
		{"QEMU emulator version 10.0.2", "10.0.2"},
		{"something else", "something else"},
	} {
		qemu := filepath.Join(t.TempDir(), "qemu")
		script := "#!/bin/sh\ncat <<'END'\n" + c.says + "\nEND\n"
		if err := os.WriteFile(qemu, []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		if got, err := Version(t.Context(), qemu); err != nil || got != c.want {
			t.Errorf("version of %q: %q, %v; want %q", c.says, got, err, c.want)
		}
	}
	missing := filepath.Join(t.TempDir(), "qemu")
	if _, err := Version(t.Context(), missing); !errors.Is(err, ErrQEMU) {
		t.Errorf("version of no QEMU: %v, want %v", err, ErrQEMU)
	}
}
