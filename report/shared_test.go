// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/verdict"
)

func TestSeedZero(t *testing.T) {
	got := sameOrder(verdict.Run{Command: []string{"/x/loadstone", "run", "--seed", "0"}, Seed: 4711})
	if !strings.Contains(got, "4711") {
		t.Errorf("%q does not give the order of seed 4711", got)
	}
}
