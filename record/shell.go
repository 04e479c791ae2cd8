// SPDX-License-Identifier: Apache-2.0

package record

import (
	"encoding/base64"

	"github.com/loadstone-bpf/loadstone/loader/jsonline"
)

// Shell holds what passes between a person and the shell of a spec that did not pass, where the
// order asks for one. The first says that it begins, the last that it ended; between them comes
// what a script prints.
type Shell struct {
	Spec   string `json:"spec"`
	Begins bool   `json:"begins,omitempty"`
	Stdout []byte `json:"stdout,omitempty"`
	Stderr []byte `json:"stderr,omitempty"`
	Ended  string `json:"ended,omitempty"` // how, in words
}

func (Shell) recordType() string { return "shell" }

func (r Shell) fields(l *jsonline.Line) {
	l.Text("spec", r.Spec)
	l.TrueIfSo("begins", r.Begins)
	if len(r.Stdout) > 0 {
		l.Text("stdout", base64.StdEncoding.EncodeToString(r.Stdout))
	}
	if len(r.Stderr) > 0 {
		l.Text("stderr", base64.StdEncoding.EncodeToString(r.Stderr))
	}
	l.TextIfAny("ended", r.Ended)
}
