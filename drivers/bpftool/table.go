// SPDX-License-Identifier: Apache-2.0

package bpftool

import (
	"github.com/loadstone-bpf/loadstone/drivers/command"
	"github.com/loadstone-bpf/loadstone/loader"
)

const bpftool = "/usr/sbin/bpftool"

// table is what is run. bpftool exits with 255, -1, whatever went wrong (tools/bpf/bpftool/main.c); nothing but text tells more.
var table = command.Table{
	Argv: map[loader.Op][]string{
		loader.OpLoad:   {bpftool, "{options}", "prog", "{load}", "{object}", "{programs}", "{type}", "{reuse}", "pinmaps", "{maps}"},
		loader.OpPin:    {bpftool, "{target}", "pin", "id", "{id}", "{path}"},
		loader.OpAttach: {bpftool, "net", "attach", "{kind}", "id", "{id}", "dev", "{device}"},
		loader.OpDetach: {bpftool, "net", "detach", "{kind}", "dev", "{device}"},
		loader.OpLink:   {bpftool, "gen", "object", "{output}", "{inputs}"},
	},
	Refuses: map[int]loader.Class{255: loader.Unclassified},
}
