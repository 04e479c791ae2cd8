// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"encoding/binary"
	"os"
	"testing"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// dataObject opens an object of the suite about global data.
func dataObject(t *testing.T, name string) (*Object, error) {
	t.Helper()
	order := "el"
	if native() == "bpfeb" {
		order = "eb"
	}
	data, err := os.ReadFile("../objects/globaldata/" + order + "/" + name + ".o")
	do(t, err)
	return OpenBytes(data, Options{Name: name})
}

// What the caller sets is in the arena when the program runs, as with other global data.
func TestArenaVariableIsSet(t *testing.T) {
	needsBPF(t)
	o, err := dataObject(t, "arena_variables")
	do(t, err)
	do(t, o.Variable("initialised").Set(uint32(43)))
	l, err := o.Load(LoadOptions{})
	do(t, err)
	for _, c := range []struct{ ask, want byte }{{0, 43}, {1, 1}, {2, 3}, {2, 6}} {
		packet := make([]byte, 64)
		packet[0] = c.ask
		got, _, err := l.Programs["use"].Test(packet)
		if err != nil || got != uint32(c.want) {
			t.Errorf("asked for %d: %d, %v; want %d", c.ask, got, err, c.want)
		}
	}
	value := o.Map("arena").InitialValue()
	if got := binary.NativeEndian.Uint32(value); got != 43 {
		t.Errorf("initial value %d in %d bytes", got, len(value))
	}
	do(t, l.Close())
}

func TestArenaThatDoesNotHoldItsVariables(t *testing.T) {
	for name, arena := range map[string]string{"none": "", "two": "", "small": "arena"} {
		name = "arena_" + name
		_, err := dataObject(t, name)
		compareRefusal(t, name, err, &Error{Stage: refuse.StageDefine, Class: ClassDefinition,
			Object: name, Section: ".addr_space.1", Symbol: arena}, refuse.ErrArena)
	}
}

func TestArenaVariablesAreInItsLastPages(t *testing.T) {
	page := uint64(os.Getpagesize())
	for _, c := range []struct {
		pages uint32
		data  uint64
		at    uint64
		fits  bool
	}{
		{1, 8, 0, true},
		{10, 8, 9 * page, true},
		{10, page, 9 * page, true},
		{10, page + 1, 8 * page, true},
		{10, 10 * page, 0, true},
		{10, 10*page + 1, 0, false},
		{0, 1, 0, false},
		{uint32(1 << 32 / page), 8, 1<<29 - page, true},
		{uint32(1 << 32 / page), 1<<29 + 1, 0, false},
	} {
		at, fits := sys.ArenaOffset(c.pages, c.data)
		if uint64(at) != c.at || fits != c.fits {
			t.Errorf("%d bytes in %d pages: at %d, %v; want %d, %v", c.data, c.pages, at, fits, c.at,
				c.fits)
		}
	}
}
