// SPDX-License-Identifier: Apache-2.0

package wire

// ShellArgument names the kernel argument that makes a guest run a shell in the
// place of its program.
const ShellArgument = "loadstone.shell"

// ShellOrder describes the order of a guest that runs a shell: on a terminal, which
// is the console, or, if Rows is 0, with the payload as its script.
type ShellOrder struct {
	Rows uint16 `json:"rows,omitempty"`
	Cols uint16 `json:"cols,omitempty"`
	Term string `json:"term,omitempty"` // $TERM of the user's terminal
}

// ShellRecord describes a record of a guest that runs a shell: some output of a
// script, or, as the last record, the shell's exit status.
type ShellRecord struct {
	Stdout []byte `json:"stdout,omitempty"`
	Stderr []byte `json:"stderr,omitempty"`
	Exit   *int   `json:"exit,omitempty"`
}
