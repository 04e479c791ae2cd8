// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/oracle"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
)

// Session is what one spec holds in its hands: a conversation of its own with the loader under test, a bpffs folder and a work folder of its
// own, and the kernel to look at. It ends with the spec: the loader is told to let everything go, and what is left in the kernel then, beside
// pins that were kept ([Session.Keep]), is a failure of the spec.
//
// Its methods, and those of its conversations, fail the spec at the line that called them. They are for the goroutine of the spec.
type Session struct {
	Conversation // the one that every spec has
	others       []*Conversation

	spec        spec
	requirement requirements.Requirement
	run         *run
	ctx         context.Context // of the spec: done when its time is up

	witness oracle.Witness
	before  oracle.Inventory // when the session began
	dirs    loader.Dirs      // in the driver's root

	features map[loader.Feature]loader.Claim // nil before the first greeting
	attempts int
	loaded   bool // an object was loaded: a refusal after it means something
	kept     []string
	began    time.Time

	telling sync.Mutex // held while an exchange is recorded: conversations have goroutines of their own in [LoadTogether]
	told    transcript

	asked    bool    // for something beyond hello
	late     bool    // its time was up before its body ended
	ending   *ending // set once, by what ended the spec early
	left     []oracle.Object
	trouble  error // why the session could not be ended as it should
	logError error // why the kernel's log could not be marked
}

// Kernel is what the kernel holds now.
func (s *Session) Kernel() Kernel {
	inventory, err := s.witness.Take()
	if err != nil {
		s.broken("%v", err)
	}
	return Kernel{Inventory: inventory, session: s}
}

// Kernel is what a kernel held at one moment, and the way to ask it again.
type Kernel struct {
	oracle.Inventory
	session *Session
}

// BPFFS is the session's own folder in a bpffs, as a path in the driver's root. It is empty at the start.
func (s *Session) BPFFS() string { return s.dirs.BPFFS }

// Work is the session's own folder in a file system that is no bpffs, as a path in the driver's root.
func (s *Session) Work() string { return s.dirs.Work }

// Keep says that pins stay when the loader is gone, and that this is right. The paths are below [Session.BPFFS].
func (s *Session) Keep(pins ...string) { s.kept = append(s.kept, pins...) }

// Pins are the paths of all pins, below [Session.BPFFS].
func (s *Session) Pins() []string { return s.Kernel().Pins }

// Faults is for specs of [Hidden], in a test VM: what no other spec may touch. Anywhere else it ends the spec as broken.
func (s *Session) Faults() Faults {
	switch {
	case !s.spec.hidden:
		s.broken("only a hidden spec may cause faults")
	case s.run.deps.Place.Shared || os.Getpid() != 1:
		s.broken("this machine is not ours to break")
	}
	return Faults{session: s}
}

// Faults are ways to break the harness, for its own tests.
type Faults struct{ session *Session }

// Raw is the stream that records go out on, below their framing. It is nil where there is none.
func (f Faults) Raw() io.Writer { return f.session.run.deps.Raw }

// Vanish ends the spec without its last records, as a guest would that forgot it.
func (f Faults) Vanish() {
	f.session.end(ending{outcome: vanished})
}

// Send sends a record of the spec's own making.
func (f Faults) Send(r record.Record) { f.session.run.send(r) }

// own is a path of ours for a path in the driver's root.
func (s *Session) own(inRoot string) string { return filepath.Join(s.run.deps.Place.Root, inRoot) }

// prepare makes the session's folders.
func (s *Session) prepare() error {
	name := strconv.Itoa(s.run.sessions) // a bpffs takes no dots in names (bpf_lookup, kernel/bpf/inode.c)
	place := s.run.deps.Place
	s.dirs = loader.Dirs{Work: path.Join(place.Work, name), BPFFS: path.Join(place.BPFFS, name)}
	for _, dir := range []string{s.dirs.Work, s.dirs.BPFFS} {
		if err := os.MkdirAll(s.own(filepath.Dir(dir)), 0o700); err != nil {
			return fmt.Errorf("prepare session: %w", err)
		}
		if err := os.Mkdir(s.own(dir), 0o700); err != nil {
			return fmt.Errorf("prepare session: %w", err)
		}
	}
	s.witness = oracle.Witness{BPFFS: s.own(s.dirs.BPFFS), Shared: place.Shared}
	var err error
	s.before, err = oracle.Take("") // the folder is new: there are no pins
	return err
}

// Claims reports whether the loader says of itself that it does the whole of a feature. It is for requirements that ask for as much as a loader claims;
// what a spec needs at the least is its requirement's profile.
func (s *Session) Claims(feature loader.Feature) bool {
	if s.features == nil {
		if err := s.converse(); err != nil {
			s.fault(err)
		}
	}
	return s.features[feature].Support == loader.Yes
}
