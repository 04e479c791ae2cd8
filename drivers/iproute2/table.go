// SPDX-License-Identifier: Apache-2.0

package iproute2

import (
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/drivers/command"
	"github.com/loadstone-bpf/loadstone/loader"
)

const (
	tc = "/sbin/tc"
	ip = "/sbin/ip"
)

// refuses lists the exit statuses of tc and ip (doc/actions, ip(8)): 1 for what they found
// themselves, 2 for what the kernel refused, and 255 for -1. Nothing but text tells why.
var refuses = map[int]loader.Class{1: loader.Unclassified, 2: loader.Unclassified,
	255: loader.Unclassified}

// A route describes one of the two ways to load a program.
type route struct {
	command.Table
	prepare []string // what is run before, to have something to attach to
	subdir  string   // of its pins

	attached func(*command.Network) (uint32, error)
}

var routes = map[string]route{
	"xdp": {
		Table: command.Table{
			Argv: map[loader.Op][]string{
				loader.OpLoad: {ip, "link", "set", "dev", command.Device, "xdpgeneric", "obj",
					"{object}", "sec", "{section}"},
				loader.OpClose: {ip, "link", "set", "dev", command.Device, "xdpgeneric", "off"},
			},
			Refuses: refuses,
		},
		subdir:   "xdp",
		attached: (*command.Network).AttachedXDP,
	},
	"tc": {
		Table: command.Table{
			Argv: map[loader.Op][]string{
				loader.OpLoad: {tc, "filter", "add", "dev", command.Device, "ingress", "bpf", "da",
					"obj", "{object}", "sec", "{section}"},
				loader.OpClose: {tc, "qdisc", "del", "dev", command.Device, "clsact"},
			},
			Refuses: refuses,
		},
		prepare:  []string{tc, "qdisc", "add", "dev", command.Device, "clsact"},
		subdir:   "tc",
		attached: (*command.Network).AttachedFilter,
	},
}

// routeOf returns the way to load an object, and its section. An object that cannot be read is
// loaded as XDP, so that the command itself refuses it.
func routeOf(o *command.Object) (route, command.Program, *loader.Unsupported) {
	if o == nil {
		return routes["xdp"], command.Program{Section: "xdp"}, nil
	}
	switch len(o.Programs) {
	case 0:
		return route{}, command.Program{},
			command.Unsupported("one-program",
				"tc and ip load a program to attach it, and the object has none")
	case 1:
	default:
		return route{}, command.Program{},
			command.Unsupported("one-program",
				"tc and ip load one program at a time, and the object has %d", len(o.Programs))
	}
	program := o.Programs[0]
	kind, _, _ := strings.Cut(program.Section, "/")
	switch {
	case slices.Contains([]string{"xdp", "prog", "xdp.frags"}, kind):
		return routes["xdp"], program, nil
	case slices.Contains([]string{"classifier", "action", "tc", "tcx"}, kind):
		return routes["tc"], program, nil
	}
	return route{}, command.Program{},
		command.Unsupported("program-type",
			"tc and ip load classifiers, actions and XDP programs, not %s", program.Section)
}
