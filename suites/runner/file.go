// SPDX-License-Identifier: Apache-2.0

package runner

import "github.com/loadstone-bpf/loadstone/record"

// maxFiles bounds the bytes of files that are sent of one spec. The largest objects of the suites
// are below a tenth of it.
const maxFiles = 8 << 20

// Wrote says that the suite wrote a file for the loader, at a path in the driver's root: where the
// order asks for files it is sent, before anything can happen to who reads it.
func (x *Execution) Wrote(path string, data []byte) {
	if !x.run.order.Files {
		return
	}
	file := record.File{Spec: x.spec.ID, Path: path, Size: len(data)}
	if x.sent += len(data); x.sent > maxFiles {
		x.run.send(file) // that it exists, without what it holds
		return
	}
	for {
		file.Data = data[file.Offset:min(file.Offset+record.MaxPart, len(data))]
		x.run.send(file)
		if file.Offset += len(file.Data); file.Offset >= len(data) {
			return
		}
	}
}
