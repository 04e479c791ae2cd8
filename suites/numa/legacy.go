// SPDX-License-Identifier: Apache-2.0

package numa

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("numa.legacy.flag-alone", func(s *Session) {
	Expect(s.MustLoad(objects.NUMA.LegacyFlag)).To(HaveOnNode("m", 0))
})

var _ = It("numa.legacy.samples", func(s *Session) {
	Expect(s.MustLoad(objects.NUMA.SamplesNode, Layout(loader.SamplesLayout))).To(
		HaveOnNode("m", 1))
})

var _ = It("numa.iproute2.flag-alone", func(s *Session) {
	Expect(s.MustLoad(objects.NUMA.Iproute2Flag, Layout(loader.IPRoute2Layout))).To(
		HaveOnNode("m", 0))
})
