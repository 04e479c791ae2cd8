// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// annotated limits the annotations of a run: GitHub shows ten of a kind for each step.
const annotated = 10

// Annotations writes what deserves attention as commands that a job on GitHub makes annotations of:
// an error for what fails the run, a warning for what says nothing of the loader, a notice for a
// *should* that is not met.
func Annotations(w io.Writer, f *verdict.File) error {
	var b bytes.Buffer
	names := kernelsOf(f)
	counts := make(map[string]int)
	add := func(kind, title, text string) {
		if counts[kind]++; counts[kind] <= annotated {
			fmt.Fprintf(&b, "::%s title=%s::%s\n", kind, annotationTitle(title), annotation(text))
		}
	}
	for _, p := range f.Problems() {
		add("error", "loadstone", p)
	}
	for _, u := range f.Unproved() {
		add("error", u.Loader+" on "+names.of(u.Kernel), unproved(u))
	}
	for _, x := range findings(f) {
		kind := "error"
		switch {
		case x.Advisory():
			kind = "notice"
		case x.Unknown():
			kind = "warning"
		}
		title := fmt.Sprintf("%s on %s: %s", x.LoaderName(), names.list(x.Kernels), x.Spec)
		add(kind, title, strings.Join(nonEmpty(x.Reason, prefixed("again: ", x.again())), "\n"))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// annotation returns text as the message of a workflow command; its end must not end the command.
func annotation(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = printable(lines[i])
	}
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(strings.Join(lines, "\n"))
}

// annotationTitle returns text as a property of a workflow command.
func annotationTitle(text string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(annotation(text))
}
