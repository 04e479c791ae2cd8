// SPDX-License-Identifier: Apache-2.0

package wire

// ShellArgument names the kernel argument that makes a guest run a shell in the
// place of its program.
const ShellArgument = "loadstone.shell"

// ShellOrder describes the order of a guest that runs a shell: on a terminal, which
// is the console, or, if Rows is 0, with the payload as its script; or that runs Program instead.
type ShellOrder struct {
	Rows uint16 `json:"rows,omitempty"`
	Cols uint16 `json:"cols,omitempty"`
	Term string `json:"term,omitempty"` // $TERM of the user's terminal

	Program *Program `json:"program,omitempty"`

	// Script is run where Rows is 0, and another program has the payload.
	Script string `json:"script,omitempty"`
}

// Program describes a program that a guest runs, with what the payload brings it: newc archives,
// one after the other.
type Program struct {
	Args []string `json:"args"` // its name first: looked for in PATH, or a path with a slash

	// Root says that the first archive is the program's root folder; without, it is the guest's.
	Root bool `json:"root,omitempty"`

	// Brought says that an archive has the content of [ProgramDir], where the program starts.
	Brought bool `json:"brought,omitempty"`
}

// ProgramDir names the folder that a [Program] starts in, in its root.
const ProgramDir = "/work"

// ShellRecord describes a record of a guest that runs a shell: some output of a script or program,
// or, as the last record, its exit status.
type ShellRecord struct {
	Stdout []byte `json:"stdout,omitempty"`
	Stderr []byte `json:"stderr,omitempty"`
	Exit   *int   `json:"exit,omitempty"`
}
