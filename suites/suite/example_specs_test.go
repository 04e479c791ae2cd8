// SPDX-License-Identifier: Apache-2.0

package suite_test

import (
	"testing"

	"github.com/loadstone-bpf/loadstone/drivers/reference"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/suites/runner/native"
)

func TestMain(m *testing.M) { native.Main(m, reference.New) }

func TestSpecsOfTheExamplePass(t *testing.T) {
	for _, id := range []string{
		"mapdefs.btf.unknown-field-ignored", "mapdefs.btf.static-refused",
		"mapinmap.inner.fits/same", "mapinmap.inner.fits/larger-hash",
	} {
		t.Run(id, func(t *testing.T) {
			if got := native.Finish(t, id, reference.New); got.Outcome != record.Passed {
				t.Errorf("%+v", got)
			}
		})
	}
}
