// SPDX-License-Identifier: Apache-2.0

package numa

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("numa.callback.field", func(s *Session) {
	Expect(s.MustLoad(objects.NUMA.VendorField, Handlers(MapFieldHandler))).To(HaveOnNode("m", 1))
})

var _ = It("numa.callback.map/define", func(s *Session) {
	Expect(s.MustLoad(objects.NUMA.VendorDefine, Handlers(MapSectionHandler))).To(
		HaveOnNode("m", 1))
})

var _ = It("numa.callback.map/supply", func(s *Session) {
	Expect(s.MustLoad(objects.NUMA.VendorSupply, Handlers(MapSectionHandler))).To(
		HaveOnNode("m", 1))
})
