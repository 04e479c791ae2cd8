// SPDX-License-Identifier: Apache-2.0

// Package command holds what drivers of commands share: of loaders that are a program, run once for
// each request, such as tc, ip and bpftool.
//
// Such a driver is a [Table]: what is run for each operation, and which exit statuses mean that the
// command refused. A caller of a command sees how it ends and no more, so every refusal is at stage
// [loader.AtCommand] and of the class that the table says. A command that is killed by a signal
// refuses nothing: it takes the driver down with it ([Table.Run]).
//
// Such a loader reads no object before it loads it, so an open looks at nothing. It keeps nothing
// when it ends: what is left is what the kernel holds, and the driver looks for ids there ([Held]).
//
// Read claims.go (what follows from being a command), table.go (argv and endings), driver.go
// (sessions), object.go (what an object says of itself, to choose a command by), held.go,
// network.go (a namespace to attach programs in), bpffs.go (a place for pins).
package command
