// SPDX-License-Identifier: Apache-2.0

package record

import (
	"encoding/base64"

	"github.com/loadstone-bpf/loadstone/loader/jsonline"
)

// MaxPart bounds the bytes of a file that one [File] holds: in base64 they fit into a record.
const MaxPart = 512 << 10

// File holds a file that the suite wrote for the loader, or a part of it: the parts of a file come
// in their order. It comes before the request that names the file, where the order says to send
// them.
type File struct {
	Spec string `json:"spec"`
	Path string `json:"path"` // as requests name it
	Size int    `json:"size"` // bytes of the whole file
	// where Data begins; a file that is too large to be sent has one record, without any
	Offset int    `json:"offset,omitempty"`
	Data   []byte `json:"data,omitempty"`
}

func (File) recordType() string { return "file" }

func (r File) fields(l *jsonline.Line) {
	l.Text("spec", r.Spec)
	l.Text("path", r.Path)
	l.Number("size", int64(r.Size))
	l.NumberIfAny("offset", int64(r.Offset))
	if len(r.Data) > 0 {
		l.Text("data", base64.StdEncoding.EncodeToString(r.Data))
	}
}
