// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// Each object has a good map before the bad one, so there is something to let go of.

var _ = Table("mapdefs.kernel.refusal-undone", func(s *Session, f fault) {
	s.Refuses(objects.MapDefs.KernelGood, f.bad, AtCreate, f.classes...)
}, []fault{
	{variant: "no-entries", bad: objects.MapDefs.KernelNoEntries, classes: []Class{Invalid}},
	{variant: "array-key", bad: objects.MapDefs.KernelArrayKey, classes: []Class{Invalid}},
	{variant: "no-value", bad: objects.MapDefs.KernelNoValue, classes: []Class{Invalid}},
	{variant: "flag", bad: objects.MapDefs.KernelFlag, classes: []Class{Invalid}},
	{variant: "type", bad: objects.MapDefs.KernelType, classes: []Class{Invalid, NotSupported}},
	{variant: "huge-value", bad: objects.MapDefs.KernelValue, classes: []Class{Limit}},
	{variant: "extra", bad: objects.MapDefs.KernelExtra, classes: []Class{Invalid}},
})

var _ = Refusal("mapdefs.kernel.refusal-undone/program",
	objects.MapDefs.HashUse, objects.MapDefs.KernelProgram, AtVerify, Verifier, Permission)
