// SPDX-License-Identifier: Apache-2.0

package run

import (
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// A Loader describes a loader under test, ready to be brought to guests. It is the only form that a
// run handles; what crosses a border is made from it here: the order to a guest (order), the run
// file's first line (About) and what verdicts name (cell.identity).
//
// Before it come what a user typed (loader.Ref), the manifest and version that this means
// (drivers.Choice) and the files of it (bundle.Bundle). After it, in the guest, comes what the
// order holds (record.Loader): of that, function driver in cmd/loadstone-guest makes conversations,
// with a value that is linked in or with a process in the driver's root.
type Loader struct {
	Name    string // without version
	Version string
	Path    string // as a command line names it in any folder; "" for those that loadstone carries

	Builtin string // name of the loader in the guest program that it is; a bundle if empty

	// Of a bundle: how its driver is started in its root, and that root.
	Command    []string
	Env        []string
	Payload    string            // file with the root, a cpio archive
	Digest     string            // of the payload, SHA-256 in hexadecimal
	Components map[string]string // packages in it, name to version
}

// order returns the loader as an order names it.
func (l Loader) order() record.Loader {
	return record.Loader{
		Name: l.String(), Builtin: l.Builtin, Bundle: l.Builtin == "", Command: l.Command,
		Env: l.Env,
	}
}

// About returns what the run file says of the loader.
func (l Loader) About() verdict.Loader {
	return verdict.Loader{Name: l.String(), Path: l.Path, Components: l.Components, Digest: l.Digest}
}

// String returns the loader as verdicts name it, such as libbpf@1.1.
func (l Loader) String() string {
	return verdict.Cell{Loader: l.Name, LoaderVersion: l.Version}.LoaderName()
}
