// SPDX-License-Identifier: Apache-2.0

package reference

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// stages translates the loader's stages to the protocol's, where a load begins with creating maps.
var stages = map[loaderimpl.Stage]loader.Stage{
	"open":     loader.AtOpen,
	"link":     loader.AtLink,
	"define":   loader.AtOpen,
	"resolve":  loader.AtOpen,
	"create":   loader.AtCreate,
	"pin":      loader.AtPin,
	"relocate": loader.AtRelocate,
	"load":     loader.AtLoad,
	"attach":   loader.AtAttach,
}

// rejected translates a refusal for the protocol.
func rejected(err error) loader.Reply {
	var e *loaderimpl.Error
	if !errors.As(err, &e) {
		return &loader.Rejected{Stage: loader.AtOpen, Class: loader.Unclassified,
			Message: err.Error()}
	}
	class, errno := kernelClass(err)
	switch {
	case e.Class == loaderimpl.ClassIO && errors.Is(err, fs.ErrNotExist):
		class = loader.NotFound
	case e.Class != "":
		class = loader.Class(e.Class)
	}
	r := &loader.Rejected{Stage: stages[e.Stage], Class: class, Errno: errno, Message: err.Error()}
	var differs *loaderimpl.MapDiffersError
	if errors.As(err, &differs) {
		for _, d := range differs.Differences {
			r.Differs = append(r.Differs, loader.Difference{
				Attribute: loader.Attribute(d.Attribute), Pinned: d.Pinned, Defined: d.Defined,
			})
		}
	}
	var refusal *loaderimpl.VerifierError
	if errors.As(err, &refusal) {
		r.Stage = loader.AtVerify
		r.Log = tail(refusal.Log, loader.MaxText)
	}
	return r
}

// tail returns the last n bytes of a text, from the start of a line.
func tail(text string, n int) string {
	if len(text) <= n {
		return text
	}
	text = text[len(text)-n:]
	return text[strings.IndexByte(text, '\n')+1:]
}

// kernelClass returns the class of the kernel's errno in an error, and the errno, 0 if there is
// none.
func kernelClass(err error) (loader.Class, int) {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return loader.Unclassified, 0
	}
	return loader.ClassOf(errno), int(errno)
}
