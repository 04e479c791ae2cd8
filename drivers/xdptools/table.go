// SPDX-License-Identifier: Apache-2.0

package xdptools

import (
	"github.com/loadstone-bpf/loadstone/drivers/command"
	"github.com/loadstone-bpf/loadstone/loader"
)

const xdpLoader = "/usr/sbin/xdp-loader"

// table lists what is run. It takes interfaces by their names.
var table = command.Table{
	Argv: map[loader.Op][]string{
		loader.OpChainAdd: {xdpLoader, "load", "{mode}", "{priority}", "{actions}", "{pins}",
			"-n", "{program}", "{device}", "{object}"},
		loader.OpChainRemove: {xdpLoader, "unload", "{which}", "{device}"},
		loader.OpChainClean:  {xdpLoader, "clean", "{device}"},
		loader.OpQuery:       {xdpLoader, "status", "{device}"},
	},
	Refuses: refuses(),
}

// refuses returns what the exit statuses tell: EXIT_FAILURE nothing, others an errno, or one of
// libbpf's own codes, of which an exit status keeps the low byte (libbpf_errno, libbpf.h).
func refuses() map[int]loader.Class {
	all := command.NegatedErrnos()
	all[1] = loader.Unclassified
	const firstOfLibbpf = 4000
	for i, class := range []loader.Class{
		loader.Malformed,      // LIBELF
		loader.Malformed,      // FORMAT
		loader.Unclassified,   // KVERSION
		loader.NotSupported,   // ENDIAN
		loader.Unclassified,   // INTERNAL
		loader.BadRelocation,  // RELOC
		loader.Unclassified,   // LOAD
		loader.Verifier,       // VERIFY
		loader.Limit,          // PROG2BIG
		loader.KernelLacks,    // KVER
		loader.UnknownSection, // PROGTYPE
	} {
		all[int(uint8(-(firstOfLibbpf + i)))] = class
	}
	return all
}

// bpffsVariable names the variable in which libxdp looks for its bpffs.
const bpffsVariable = "LIBXDP_BPFFS="
