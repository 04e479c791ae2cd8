// SPDX-License-Identifier: Apache-2.0

package command

import (
	"fmt"
	"strings"

	"github.com/loadstone-bpf/loadstone/loader"
)

// Reasons that hold for every command, or for every command that libbpf is built into.
const (
	NoCallbacks   = "a command calls nobody back"
	LegacyDropped = "libbpf 1.0 dropped them"
	NoKconfig     = "it has no option for the text of a kernel's configuration"
	NoTokenPath   = "it has no option for a bpffs to make a token of"
	NoTypes       = "it has no option to give BTF"
)

// Claims returns the claims that follow from being a command.
func Claims() map[loader.Feature]loader.Claim {
	return map[loader.Feature]loader.Claim{
		loader.OneStep:         {Support: loader.Yes},
		loader.BPFToken:        {Support: loader.No, Reason: NoTokenPath},
		loader.CustomBTF:       {Support: loader.No, Reason: NoTypes},
		loader.SplitBTF:        {Support: loader.No, Reason: NoTypes},
		loader.CallbackMaps:    {Support: loader.No, Reason: NoCallbacks},
		loader.ProgramHandlers: {Support: loader.No, Reason: NoCallbacks},
		loader.XDPChain:        {Support: loader.No, Reason: "an interface has one XDP program"},
	}
}

// BeforeLibbpf1 reports whether a version of libbpf, "0" or "0.3" or "1.1", is from before 1.0.
func BeforeLibbpf1(version string) bool { return strings.HasPrefix(version+".", "0.") }

// Unsupported returns the reply that names a feature and says why it is missing, printf-like.
func Unsupported(feature loader.Feature, format string, args ...any) *loader.Unsupported {
	return &loader.Unsupported{Feature: feature, Reason: fmt.Sprintf(format, args...)}
}
