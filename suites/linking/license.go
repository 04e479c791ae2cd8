// SPDX-License-Identifier: Apache-2.0

package linking

import (
	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// The program of the object without a licence calls what only the GPL allows.
var _ = Table("linking.license.for-all", func(s *Session, o order) {
	expectLinked(s, returned{"call": 1005, "run": 1005},
		o.two(objects.Linking.Unlicensed, caller)...)
},
	Entry("licensed-last", asWritten),
	Entry("licensed-first", reversed),
)

var _ = Table("linking.license.version-kept", func(s *Session, o order) {
	expectLinked(s, returned{"run": 61, "run_other": 61},
		o.two(objects.Linking.Version, objects.Linking.VersionSame)...)
},
	Entry("one", asWritten),
	Entry("other", reversed),
)
