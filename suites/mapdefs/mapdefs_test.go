// SPDX-License-Identifier: Apache-2.0

package mapdefs_test

import (
	"testing"

	"github.com/loadstone-bpf/loadstone/drivers/reference"
	"github.com/loadstone-bpf/loadstone/suites/runner"
	"github.com/loadstone-bpf/loadstone/suites/runner/native"

	_ "github.com/loadstone-bpf/loadstone/suites/mapdefs"
)

func TestMain(m *testing.M) { native.Main(m) }

func TestReferenceLoader(t *testing.T) { native.Run(t, "mapdefs", reference.New) }

func TestEverySpecHasARequirement(t *testing.T) {
	if err := runner.Check(); err != nil {
		t.Error(err)
	}
}
