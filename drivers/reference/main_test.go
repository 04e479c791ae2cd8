// SPDX-License-Identifier: Apache-2.0

package reference_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/loadstone-bpf/loadstone/oracle/turn"
)

// TestMain has the host's kernel to itself, as tests look at what is left in it. Who so much as
// looks at a PROG_ARRAY, by its id, while its loader gives it up may have the kernel keep it: what
// is put off to empty it is counted twice and done once (prog_array_map_clear, seen on 6.18).
func TestMain(m *testing.M) {
	mine, err := turn.ForTests(os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	mine.End()
	os.Exit(code)
}
