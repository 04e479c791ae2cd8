// SPDX-License-Identifier: Apache-2.0

package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/u-root/mkuimage/cpio"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

// An Object holds a compiled object that guests are brought, for a spec of [record.ObjectSpec].
type Object struct {
	Name string // its file's, without a folder and ".o"; no blanks
	ELF  []byte //
	Pins bool   // maps of it are to be pinned by name
	// Changes are what is set before the load, each as the request set of the loader protocol,
	// without the session.
	Changes []string
	// Attach says how each program is to be attached once it is loaded, one after the other; nil
	// for not at all.
	Attach []record.Attaching
	Needs  []string // what it needs of a kernel, which guests probe where it is refused
}

// A Payload holds what one guest is brought beside its order.
type Payload struct {
	Bundle  string // file with the root of the loader's driver, a cpio archive; "" for none
	Objects []byte // a cpio archive that follows it; nil for none
}

// payload returns what the guest of a batch is brought.
func (b batch) payload(p Plan) (Payload, error) {
	payload := Payload{Bundle: b.loader.Payload}
	if p.Objects == nil {
		return payload, nil
	}
	var archive bytes.Buffer
	writer := cpio.Newc.Writer(&archive)
	for _, s := range b.specs {
		o, name := p.Objects[s.ID], record.BroughtObject(s.ID)
		head := o.Name
		if o.Pins {
			head += " pins"
		}
		needs := strings.Join(append([]string{head}, o.Needs...), "\n")
		attach, err := attachLines(o.Attach)
		if err != nil {
			return payload, err
		}
		for _, file := range []cpio.Record{
			cpio.StaticFile(name, string(o.ELF), 0o600),
			cpio.StaticFile(name+".needs", needs, 0o600),
			cpio.StaticFile(name+".set", strings.Join(o.Changes, "\n"), 0o600),
			cpio.StaticFile(name+".attach", attach, 0o600),
		} {
			if err := writer.WriteRecord(cpio.MakeReproducible(file)); err != nil {
				return payload, err
			}
		}
	}
	if err := cpio.WriteTrailer(writer); err != nil {
		return payload, err
	}
	payload.Objects = archive.Bytes()
	return payload, nil
}

// attachLines returns what is to be attached, a line of JSON each.
func attachLines(all []record.Attaching) (string, error) {
	var lines []string
	for _, a := range all {
		line, err := json.Marshal(a)
		if err != nil {
			return "", err
		}
		lines = append(lines, string(line))
	}
	return strings.Join(lines, "\n"), nil
}

// bring makes the payload ready for a machine. A bundle alone is kept, for all machines that are
// brought it; with objects it is this machine's: release gives it up.
func (l *Lab) bring(p Payload) (_ *machine.Payload, release func() error, err error) {
	none := func() error { return nil }
	if p.Objects == nil {
		kept, err := l.payload(p.Bundle)
		return kept, none, err
	}
	var parts io.Reader = bytes.NewReader(p.Objects)
	if p.Bundle != "" {
		bundle, err := os.Open(p.Bundle)
		if err != nil {
			return nil, none, err
		}
		defer bundle.Close()
		parts = io.MultiReader(bundle, parts)
	}
	own, err := machine.NewPayload(parts, 0)
	if err != nil {
		return nil, none, err
	}
	return own, own.Close, nil
}

// file returns the path of a file with all of it, for a guest that is a process here; "" for
// nothing. release removes it if it was made for this.
func (p Payload) file() (path string, release func() error, err error) {
	none := func() error { return nil }
	if p.Objects == nil {
		return p.Bundle, none, nil
	}
	f, err := os.CreateTemp("", "loadstone-payload-")
	if err != nil {
		return "", none, err
	}
	release = func() error { return os.Remove(f.Name()) }
	if p.Bundle != "" {
		var bundle *os.File
		if bundle, err = os.Open(p.Bundle); err == nil {
			_, err = io.Copy(f, bundle)
			bundle.Close()
		}
	}
	if err == nil {
		_, err = f.Write(p.Objects)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", none, errors.Join(err, release())
	}
	return f.Name(), release, nil
}
