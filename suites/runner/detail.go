// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"fmt"
	"path"
	"strings"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/loadstone-bpf/loadstone/suites/phrase"
)

// detailLen bounds the detail of a record, in bytes.
const detailLen = 16 << 10

// detail tells the whole of what is known of a failure: its text and place, what the loader did not
// give up, the end of the conversation for who keeps no records of it, and what the spec wrote
// itself.
func (x *Execution) detail(report ginkgo.SpecReport) string {
	var b strings.Builder
	failure := report.Failure
	for _, part := range []string{
		failure.Message, failure.ForwardedPanic, "at " + x.place(failure.Location),
	} {
		if part != "" {
			b.WriteString(part + "\n")
		}
	}
	if report.State.Is(types.SpecStatePanicked) {
		b.WriteString(failure.Location.FullStackTrace + "\n")
	}
	if x.trouble != nil {
		fmt.Fprintf(&b, "trouble    %v\n", x.trouble)
	}
	if len(x.left) > 0 {
		fmt.Fprintf(&b, "left       %s\n", phrase.Objects(x.left))
	}
	b.WriteString(x.told())
	b.WriteString(report.CapturedGinkgoWriterOutput)
	return phrase.Shorten(b.String(), detailLen)
}

// told returns the end of the conversation, where the details are to repeat it.
func (x *Execution) told() string {
	if !x.run.deps.Transcripts {
		return ""
	}
	return x.transcript.String()
}

// place returns where a failure is, as folder/file.go:line: the spec's registration, where it has
// no line of its own, and the place is where its goroutine began.
func (x *Execution) place(at types.CodeLocation) string {
	if at.FileName == "" || strings.Contains(at.FileName, "/onsi/ginkgo") ||
		path.Base(path.Dir(at.FileName)) == "runtime" {
		return x.spec.Place
	}
	parts := strings.Split(at.FileName, "/")
	return fmt.Sprintf("%s:%d", strings.Join(parts[max(0, len(parts)-2):], "/"), at.LineNumber)
}
