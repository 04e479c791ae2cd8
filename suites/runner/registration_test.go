// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/suites/runner"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

func TestARegistrationKnowsItsPlace(t *testing.T) {
	specs := runner.Registering(func() {
		It("fake.one", func(*Session) {})
		Refusal("fake.two", good, bad, AtOpen)
		Table("fake.three", func(*Session, int) {}, Entry("a", 1), Entry("b", 2))
		Hidden("fake.four", func(*Session) {})
	})
	var ids []string
	for _, s := range specs {
		ids = append(ids, s.ID)
		if !strings.HasPrefix(s.Place, "runner/registration_test.go:") {
			t.Errorf("%s is at %s", s.ID, s.Place)
		}
	}
	if want := []string{"fake.one", "fake.two", "fake.three/a", "fake.three/b", "fake.four"}; !slices.Equal(ids, want) {
		t.Errorf("registered %q, want %q", ids, want)
	}
}
