// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bytes"
	"io"

	"github.com/loadstone-bpf/loadstone/vmtest/guest/wire"
)

// Records writes to the host's record reader. It is safe for concurrent use; records of concurrent
// writers do not mix.
type Records struct {
	port *port
}

// Write sends one record: a JSON value in a single line, with or without its
// newline. It returns when the record has left the machine, and an error
// wrapping [wire.ErrRecordTooLarge] for one above [wire.MaxRecord].
//
// Each call is one record, so an encoding/json Encoder can write here.
func (r *Records) Write(record []byte) (int, error) {
	if err := r.port.frame(wire.KindRecord, bytes.TrimSuffix(record, []byte{'\n'})); err != nil {
		return 0, err
	}
	return len(record), nil
}

// Raw returns the line below the records, without their framing. What is written to it is garbage
// to the host: it is for guests that test how the host handles garbage.
func (r *Records) Raw() io.Writer { return rawPort{r.port} }

type rawPort struct{ port *port }

func (p rawPort) Write(b []byte) (int, error) {
	if err := p.port.write(b); err != nil {
		return 0, err
	}
	return len(b), nil
}
