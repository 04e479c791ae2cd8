// SPDX-License-Identifier: Apache-2.0

package bpftool

import (
	"syscall"

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
	Refuses: statuses(),
}

// statuses returns what the exit statuses of bpftool tell: its main returns what went wrong
// (tools/bpf/bpftool/main.c), which is -1 for most, and the negative of an errno where that is at
// hand. Those that stand for two errnos tell nothing.
func statuses() map[int]loader.Class {
	all := map[int]loader.Class{}
	for errno := 1; errno < 128; errno++ {
		all[256-errno] = loader.ClassOf(syscall.Errno(errno))
	}
	all[256-1] = loader.Unclassified                        // -1, or EPERM
	all[256-int(loader.ENOTSUPP)%256] = loader.Unclassified // or ENOMEM
	return all
}
