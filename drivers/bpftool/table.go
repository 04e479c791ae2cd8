// SPDX-License-Identifier: Apache-2.0

package bpftool

import (
	"github.com/loadstone-bpf/loadstone/drivers/command"
	"github.com/loadstone-bpf/loadstone/loader"
)

const bpftool = "/usr/sbin/bpftool"

// table lists what is run.
var table = command.Table{
	Argv: map[loader.Op][]string{
		loader.OpLoad: {bpftool, "{options}", "prog", "{load}", "{object}", "{programs}",
			"{type}", "{reuse}", "pinmaps", "{maps}"},
		loader.OpPin:    {bpftool, "{target}", "pin", "id", "{id}", "{path}"},
		loader.OpAttach: {bpftool, "net", "attach", "{kind}", "id", "{id}", "dev", "{device}"},
		loader.OpDetach: {bpftool, "net", "detach", "{kind}", "dev", "{device}"},
		loader.OpCreate: {
			bpftool, "map", "create", "{path}", "type", "{type}", "key", "{key}", "value",
			"{value}", "entries", "{entries}", "name", "{name}",
			"{flags}", "{inner}",
		},
		loader.OpLink: {bpftool, "gen", "object", "{output}", "{inputs}"},
	},
	Refuses: command.NegatedErrnos(), // tools/bpf/bpftool/main.c
}
