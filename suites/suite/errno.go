// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"fmt"
	"slices"
	"syscall"

	"github.com/onsi/gomega/types"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/suites/phrase"
)

// PassOn succeeds where the loader, which rejected the object, gave one of errnos, or gave none: a
// command has an exit status only. It comes after [BeRejected].
func PassOn(errnos ...syscall.Errno) types.GomegaMatcher { return passOn(errnos) }

type passOn []syscall.Errno

func (m passOn) Match(actual any) (bool, error) {
	a, err := attemptOf(actual)
	if err != nil {
		return false, err
	}
	r, rejected := a.Reply.(*loader.Rejected)
	return rejected && (r.Errno == 0 || slices.Contains(m, syscall.Errno(r.Errno))), nil
}

func (m passOn) String() string {
	var s string
	for i, e := range m {
		if i > 0 {
			s += " or "
		}
		s += fmt.Sprintf("%d (%v)", int(e), e)
	}
	return s
}

func (m passOn) FailureMessage(actual any) string {
	return phrase.Failure("rejected with errno "+m.String(), phrase.Reply(actual.(*Attempt).Reply))
}

func (m passOn) NegatedFailureMessage(actual any) string {
	return phrase.Failure("not rejected with errno "+m.String(),
		phrase.Reply(actual.(*Attempt).Reply))
}
