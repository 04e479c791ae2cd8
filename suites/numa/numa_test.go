// SPDX-License-Identifier: Apache-2.0

package numa_test

import (
	"testing"

	"github.com/loadstone-bpf/loadstone/drivers/reference"
	"github.com/loadstone-bpf/loadstone/suites/runner"
	"github.com/loadstone-bpf/loadstone/suites/runner/native"

	_ "github.com/loadstone-bpf/loadstone/suites/numa"
)

func TestMain(m *testing.M) { native.Main(m) }

func TestReferenceLoader(t *testing.T) { native.Run(t, "numa", reference.New) }

func TestEverySpecHasARequirement(t *testing.T) {
	if err := runner.Check(); err != nil {
		t.Error(err)
	}
}
