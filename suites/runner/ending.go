// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"errors"
	"fmt"

	"github.com/onsi/ginkgo/v2"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/suites/phrase"
)

// An ending says how a spec ended before its last line, where that is not a failed expectation.
type ending struct {
	outcome record.Outcome
	reason  string
	err     error // that broke it, if it was one
}

// vanished ends a hidden spec that leaves no last records.
const vanished record.Outcome = "vanished"

// end ends the spec. It does not return.
func (x *Execution) end(e ending) {
	x.ending = &e
	ginkgo.Skip(e.reason) // leaves a spec without a failure; Execution.outcome knows the ending
}

// early returns how the body ended the spec; zero where it did not, or goes on and still may.
func (x *Execution) early() ending {
	if x.run.stuck || x.ending == nil {
		return ending{}
	}
	return *x.ending
}

// Broken ends the spec: the suite or the driver broke, and nothing is known of the loader. It does
// not return.
func (x *Execution) Broken(format string, args ...any) {
	x.end(ending{outcome: record.Broken, reason: phrase.Line(fmt.Sprintf(format, args...))})
}

// Refused ends the spec: the loader refused, as it may. It does not return.
func (x *Execution) Refused(reason string) {
	x.end(ending{outcome: record.Refused, reason: phrase.Line(reason)})
}

// Skip ends the spec: the machine is not one that it is about. It does not return.
func (x *Execution) Skip(lack Lack) { x.end(ending{outcome: record.Skipped, reason: lack.String()}) }

// Fail ends the spec: an expectation did not hold. It does not return.
func (x *Execution) Fail(expected, seen string) { failNow(phrase.Failure(expected, seen)) }

// fault ends the spec after a conversation that ended too early. A loader that died with an object
// in its hands has failed; a driver that broke the protocol, or does not answer, says nothing of
// the loader. It does not return.
func (x *Execution) fault(err error) {
	var f *loader.Fault
	switch {
	case x.ctx.Err() != nil:
		failNow(err.Error()) // the spec's time is up, which is how it ends
	case errors.As(err, &f) && crashed(f):
		x.Fail("an answer to "+string(f.Op), "the loader died: "+f.Detail)
	default:
		x.broken(err)
	}
}

// broken ends the spec for an error: see [Execution.Broken].
func (x *Execution) broken(err error) {
	x.end(ending{outcome: record.Broken, reason: phrase.Line(err.Error()), err: err})
}

// crashed reports whether the loader died with an object in its hands. A driver that dies at
// anything else, such as hello, is its own fault.
func crashed(f *loader.Fault) bool {
	switch f.Op {
	case loader.OpCreate, loader.OpOpen, loader.OpSet, loader.OpLoad, loader.OpLink, loader.OpAttach, loader.OpPin:
		return errors.Is(f, loader.ErrDied)
	default:
		return false
	}
}
