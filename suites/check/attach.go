// SPDX-License-Identifier: Apache-2.0

package check

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/oracle"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/suites/rtnetlink"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// What the guest makes for programs to be attached to.
const (
	device     = "lsat0"
	cgroupRoot = "/sys/fs/cgroup"
	cgroup     = "loadstone-attach"
)

// mostWords bounds what is kept of each refusal to attach, in bytes: an object may have many.
const mostWords = 2 << 10

// A bench holds what programs of a loaded object are attached to.
type bench struct {
	s       *Session
	loaded  *Attempt
	ifindex int      // of an interface of the guest's own; 0 before it is needed
	path    string   // of a cgroup; "" before it is needed
	left    []string // what stayed of an attachment that was detached
}

// attachAll attaches the programs of a loaded object one after the other, each alone: an interface
// takes one XDP program. It returns how that went, and what stayed after it.
func attachAll(s *Session, loaded *Attempt, wanted []record.Attaching) ([]record.Attached, []string) {
	b := bench{s: s, loaded: loaded}
	before := s.Kernel()
	var all []record.Attached
	for _, w := range wanted {
		all = append(all, b.attach(w))
	}
	for _, o := range s.Beyond(before) {
		b.left = append(b.left, o.String())
	}
	b.remove()
	return all, b.left
}

// attach attaches one program, looks at what the kernel has of it, and detaches it.
func (b *bench) attach(w record.Attaching) record.Attached {
	a := record.Attached{Program: w.Program, Kind: w.Kind, Untried: w.Untried}
	of := b.object(w)
	if a.Untried == "" && of.leftOut {
		a.Untried = "the loader leaves it out"
	}
	if a.Untried != "" {
		return a
	}
	request := loader.Attach{Program: w.Program, Kind: w.Kind}
	if a.Untried = b.place(&request); a.Untried != "" {
		return a
	}
	before := b.s.Kernel()
	attached, answer := b.loaded.AttachAt(request)
	if attached == nil {
		return b.refused(a, w, answer)
	}
	held, found := b.holds(w.Kind, of, before)
	switch {
	case !found:
		b.s.Contradict("something in the kernel that holds "+w.Program+" where it is attached",
			"nothing, and the loader says that it is attached")
	case attached.LinkNamed() != 0 && attached.LinkNamed() != held.link:
		b.s.Contradict(fmt.Sprintf("link %d of %s, as the loader says", attached.LinkNamed(), w.Program),
			fmt.Sprintf("link %d", held.link))
	}
	a.Link, a.By, a.To = held.link, held.by, held.to
	if refusal := attached.TryDetach().Refusal(); refusal != nil {
		b.left = append(b.left, fmt.Sprintf("%s, which the loader does not detach: %s", w.Program,
			refusal.Message))
	} else if held.link == 0 {
		if _, stays := b.holds(w.Kind, of, before); stays {
			b.left = append(b.left, fmt.Sprintf("%s, by %s, at %s", w.Program, held.by, held.to))
		}
	}
	return a
}

// refused says how a loader answered that does not attach a program. One that has no words for the
// kind was not tried; the refusal of another is evidence.
func (b *bench) refused(a record.Attached, w record.Attaching, answer *Attempt) record.Attached {
	r := answer.Refusal()
	if r.Feature != "" {
		a.Untried = "the loader does not attach so (" + r.Feature + ")"
		if r.Message != "" {
			a.Untried += ": " + clip(r.Message)
		}
		return a
	}
	r.Message, r.Log = clip(r.Message), clip(r.Log)
	a.Refusal = r
	if w.Probe != "" {
		a.Probe = probeTarget(w.Probe)
	}
	return a
}

// probeTarget asks this kernel for what a program is attached to. Of its types nothing can be told
// on a kernel that has none, where it may have the function all the same.
func probeTarget(need string) *record.Probe {
	found := probe([]string{"kernel_btf", need})
	types, target := found[0], found[1]
	if target.Unknown == "" && !types.Has && !strings.HasPrefix(need, "ksym ") &&
		!strings.HasPrefix(need, "tracepoint ") {
		target.Unknown = "the kernel has no types of its own"
	}
	return &target
}

func clip(text string) string { return strings.ToValidUTF8(text[:min(len(text), mostWords)], "") }

// An object names a program or a structure's map in the kernel.
type object struct {
	id      uint32 // 0 where the loader does not tell
	leftOut bool   // of the load
}

// object returns the kernel's id of what is to be attached.
func (b *bench) object(w record.Attaching) object {
	reply := b.loaded.Reply.(*loader.OK)
	ids := make(map[string]uint32)
	if w.Kind == "struct_ops" {
		for _, m := range reply.Maps {
			ids[m.Name] = m.ID
		}
	} else {
		for _, p := range reply.Programs {
			ids[p.Name] = p.ID
		}
	}
	told := false
	for _, id := range ids {
		told = told || id != 0
	}
	return object{id: ids[w.Program], leftOut: told && ids[w.Program] == 0}
}

// place adds to a request where the program is to be attached, and returns why that cannot be made.
func (b *bench) place(request *loader.Attach) (untried string) {
	var err error
	switch request.Kind {
	case "xdp", "tc", "tcx":
		if b.ifindex == 0 {
			b.ifindex, err = newInterface()
		}
		request.Ifindex = b.ifindex
	case "cgroup":
		if b.path == "" {
			b.path = filepath.Join(cgroupRoot, cgroup)
			err = os.Mkdir(b.path, 0o755)
		}
		request.Path = b.path
	}
	if errors.Is(err, unix.EOPNOTSUPP) {
		return "this kernel has no interfaces of type veth to attach it to"
	}
	b.s.MustWork(err)
	return ""
}

// newInterface makes an interface that is up, and its peer, which is not.
func newInterface() (index int, err error) {
	if err := rtnetlink.AddVeth(device); err != nil {
		return 0, fmt.Errorf("make an interface: %w", err)
	}
	made, err := net.InterfaceByName(device)
	if err != nil {
		return 0, err
	}
	return made.Index, rtnetlink.SetUp(made.Index)
}

// remove removes what was made to attach programs to.
func (b *bench) remove() {
	if b.ifindex != 0 {
		b.s.MustWork(rtnetlink.Remove(b.ifindex))
	}
	if b.path != "" {
		b.s.MustWork(os.Remove(b.path))
	}
}

// A hold says what in the kernel holds a program where it is attached.
type hold struct {
	link   uint32 // id; 0 for none
	by, to string
}

// holds returns what in the kernel holds a program, or a structure, that nothing held before.
func (b *bench) holds(kind string, of object, before Kernel) (hold, bool) {
	for _, o := range b.s.Kernel().Beyond(before.Inventory) {
		if o.Kind != oracle.KindLink {
			continue
		}
		facts, err := oracle.Link(o.ID)
		if errors.Is(err, oracle.ErrNoSuchObject) {
			continue // gone since
		}
		b.s.MustWork(err)
		its := facts.Program
		if kind == "struct_ops" {
			its = facts.Map
		}
		if of.id == 0 || its == of.id {
			return hold{link: o.ID, by: facts.Type, to: b.target(kind, facts)}, true
		}
	}
	return b.holdsWithoutLink(kind, of)
}

// target says what a link is attached to. It ends the spec where that is another place than the
// loader was asked for.
func (b *bench) target(kind string, facts oracle.LinkFacts) string {
	var wanted string
	var there bool
	switch kind {
	case "xdp", "tc", "tcx":
		wanted, there = "interface "+device, facts.Ifindex == uint32(b.ifindex)
	case "cgroup":
		var folder unix.Stat_t
		b.s.MustWork(unix.Stat(b.path, &folder))
		wanted, there = "cgroup "+cgroup, facts.Cgroup == folder.Ino
	default:
		return facts.Target
	}
	if !there {
		b.s.Contradict("a program at "+wanted, fmt.Sprintf("one at interface %d, cgroup %d", facts.Ifindex,
			facts.Cgroup))
	}
	return strings.TrimPrefix(facts.Target+" of "+wanted, " of ")
}

// holdsWithoutLink returns what else than a link holds a program or a structure.
func (b *bench) holdsWithoutLink(kind string, of object) (hold, bool) {
	switch kind {
	case "xdp":
		facts, err := oracle.XDP(b.ifindex)
		b.s.MustWork(err)
		if facts.Program != 0 && (of.id == 0 || facts.Program == of.id) {
			return hold{by: "netlink", to: "interface " + device}, true
		}
	case "tc":
		programs, err := oracle.Classifiers(b.ifindex)
		b.s.MustWork(err)
		if of.id == 0 && len(programs) > 0 || slices.Contains(programs, of.id) {
			return hold{by: "tc", to: "interface " + device}, true
		}
	case "handler":
		target, err := oracle.PerfEvent(of.id)
		b.s.MustWork(err)
		if target != "" {
			return hold{by: "perf_event", to: target}, true
		}
	case "struct_ops":
		facts, err := oracle.StructOps(of.id)
		b.s.MustWork(err)
		if facts.State == "INUSE" {
			return hold{by: "map"}, true
		}
	}
	return hold{}, false
}
