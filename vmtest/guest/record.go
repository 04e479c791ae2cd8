// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bytes"

	"github.com/loadstone-bpf/loadstone/vmtest/guest/wire"
)

// Records is the way to the host's record reader. It is safe for concurrent
// use; records of concurrent writers do not mix.
type Records struct {
	port *port
}

// Write sends one record: a JSON value in a single line, with or without its
// newline. It returns when the record is handed to the kernel, and an error
// wrapping [wire.ErrRecordTooLarge] for one above [wire.MaxRecord].
//
// Each call is one record, so an encoding/json Encoder can write here.
func (r *Records) Write(record []byte) (int, error) {
	if err := r.port.frame(wire.KindRecord, bytes.TrimSuffix(record, []byte{'\n'})); err != nil {
		return 0, err
	}
	return len(record), nil
}
