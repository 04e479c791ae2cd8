// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"github.com/loadstone-bpf/loadstone/record"
)

// A Trail holds all that a guest said while one spec ran, uncut, where a verdict keeps the end. It
// comes from a guest, which is not trusted.
type Trail struct {
	Steps   []record.Step // in order, of all conversations
	Files   []GivenFile   // that the suite wrote for the loader, in order
	Log     []string      // of the kernel, in lines as /dev/kmsg has them
	Console string        // of the machine, as far as it is kept; "" where the guest went on
}

// A GivenFile holds a file that the suite wrote for the loader.
type GivenFile struct {
	Path string // as requests name it
	Size int    // bytes
	Data []byte // shorter than Size where not all of it came
}

// Whole reports whether all of the file came.
func (f GivenFile) Whole() bool { return len(f.Data) == f.Size }

// TrailOf returns the trail of one spec.
func TrailOf(spec string, ev Evidence) Trail {
	a := readAccount(spec, ev, func([]string, uint64) []Splat { return nil })
	t := Trail{Steps: a.steps, Files: a.files}
	if a.log != nil {
		t.Log = append(t.Log, a.log.Lines...)
	}
	for _, late := range a.late {
		t.Log = append(t.Log, late.Lines...)
	}
	if a.last || !a.begun {
		t.Console = ev.Ending.Console
	}
	return t
}

// takeFile puts a part of a file behind those before it. A part that does not continue its file is
// left out, so that the file is not whole.
func (a *account) takeFile(f record.File) {
	if f.Offset == 0 {
		a.files = append(a.files, GivenFile{Path: f.Path, Size: f.Size, Data: f.Data})
		return
	}
	if n := len(a.files); n > 0 && a.files[n-1].Path == f.Path && len(a.files[n-1].Data) == f.Offset {
		a.files[n-1].Data = append(a.files[n-1].Data, f.Data...)
	}
}
