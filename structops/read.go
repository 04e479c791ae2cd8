// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/oracle"
)

// Read returns every structure that is in the kernel, by id, whoever loaded it. It takes
// CAP_SYS_ADMIN, as all that lists BPF objects. Pins are found in every bpffs that a path leads to,
// holders among the processes of this one's PID namespace.
func Read() ([]Structure, error) {
	around, err := lookAround()
	if err != nil {
		return nil, err
	}
	ids, err := oracle.StructOpsMaps()
	if err != nil {
		return nil, err
	}
	var all []Structure
	for _, id := range ids {
		s, err := around.structure(id)
		if errors.Is(err, oracle.ErrNoSuchObject) {
			continue // gone meanwhile
		}
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// ReadOne returns the structure of the map of that id. The error wraps [ErrNotThere] if the kernel
// has it no more.
func ReadOne(id uint32) (Structure, error) {
	around, err := lookAround()
	if err != nil {
		return Structure{}, err
	}
	s, err := around.structure(id)
	if errors.Is(err, oracle.ErrNoSuchObject) {
		return Structure{}, fmt.Errorf("%w: no structure has id %d", ErrNotThere, id)
	}
	return s, err
}

// surroundings hold what refers to structures.
type surroundings struct {
	pins     map[oracle.Object][]string
	holders  map[oracle.Object][]Process
	links    map[uint32][]Link // by the id of the map
	counting Counting
}

// lookAround reads what refers to structures. Links are listed first: one that is made later is
// missed, and none is named that has no pins any more.
func lookAround() (*surroundings, error) {
	links, err := linkedMaps()
	if err != nil {
		return nil, err
	}
	s := &surroundings{
		pins: map[oracle.Object][]string{}, holders: map[oracle.Object][]Process{},
		links: map[uint32][]Link{},
	}
	pins, err := oracle.AllPins()
	if err != nil {
		return nil, err
	}
	for _, p := range pins {
		s.pins[p.Object] = append(s.pins[p.Object], p.Path)
	}
	if err := s.readHolders(); err != nil {
		return nil, err
	}
	for _, l := range links {
		object := oracle.Object{Kind: oracle.KindLink, ID: l.id}
		s.links[l.mapID] = append(s.links[l.mapID], Link{
			ID: l.id, Pins: list(s.pins[object]), Holders: list(s.holders[object]),
		})
	}
	s.counting, err = counting()
	return s, err
}

// A linked names a link and the map whose structure it registers.
type linked struct{ id, mapID uint32 }

// linkedMaps returns the links of struct_ops that are not detached.
func linkedMaps() ([]linked, error) {
	ids, err := oracle.StructOpsLinks()
	if err != nil {
		return nil, err
	}
	var all []linked
	for _, id := range ids {
		mapID, err := oracle.StructOpsLink(id)
		if errors.Is(err, oracle.ErrNoSuchObject) {
			continue // gone meanwhile
		}
		if err != nil {
			return nil, err
		}
		if mapID != 0 {
			all = append(all, linked{id, mapID})
		}
	}
	return all, nil
}

// readHolders notes all processes but this one that hold something.
func (s *surroundings) readHolders() error {
	holders, err := oracle.Holders()
	if err != nil {
		return err
	}
	for object, pids := range holders {
		for _, pid := range pids {
			if pid == os.Getpid() {
				continue
			}
			command, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
			if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ESRCH) {
				return err
			}
			s.holders[object] = append(s.holders[object],
				Process{PID: pid, Command: strings.TrimSuffix(string(command), "\n")})
		}
	}
	return nil
}

// structure returns the structure of the map of that id. The error wraps [oracle.ErrNoSuchObject]
// if there is none.
func (s *surroundings) structure(id uint32) (Structure, error) {
	facts, err := oracle.StructOps(id)
	if err != nil {
		return Structure{}, err
	}
	object := oracle.Object{Kind: oracle.KindMap, ID: id}
	read := Structure{
		ID: id, Map: facts.Name, Type: facts.Type, Module: facts.Module,
		State: facts.State, References: facts.References, RegisteredBy: ByUpdate,
		Registered: facts.State == stateInUse, Counting: s.counting,
		Links: list(s.links[id]), Pins: list(s.pins[object]), Holders: list(s.holders[object]),
	}
	if facts.Link {
		read.RegisteredBy, read.Registered = ByLink, len(read.Links) > 0
	}
	for _, m := range facts.Members {
		member, err := s.member(m)
		if err != nil {
			return Structure{}, fmt.Errorf("%s of map %d: %w", m.Name, id, err)
		}
		read.Members = append(read.Members, member)
	}
	read.Name = ownName(facts.Members)
	return read, nil
}

// The kernel's words for states that mean something to this package.
const (
	stateInUse    = "INUSE"    // registered by an update
	stateToBeFree = "TOBEFREE" // was registered by an update
)

// list returns a list as JSON wants it: [] for none.
func list[T any](found []T) []T {
	if found == nil {
		return []T{}
	}
	return found
}
