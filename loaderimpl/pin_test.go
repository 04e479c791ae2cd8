// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// pinnedID returns the id of the map that is pinned at a path, 0 for none.
func pinnedID(t *testing.T, path string) uint32 {
	t.Helper()
	m, err := OpenPin(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0
	}
	if err != nil {
		t.Error(err)
		return 0
	}
	defer m.Close()
	id, err := sys.IDOf(m.FD())
	if err != nil {
		t.Error(err)
	}
	return id
}

// pinMap pins a map like map shared of object pinned, or another with more entries.
func pinMap(t *testing.T, path string, entries uint32) *ebpf.Map {
	t.Helper()
	m, err := ebpf.NewMap(&ebpf.MapSpec{Name: "there", Type: ebpf.Hash, KeySize: 4, ValueSize: 8, MaxEntries: entries})
	if err == nil {
		err = Pin(m, path)
	}
	if err != nil {
		t.Error(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// tryLoad loads a test object, and returns an error where there is one.
func tryLoad(t *testing.T, name string, opts Options, change func(o *Object) error) (*Loaded, error) {
	t.Helper()
	o, err := Open([]string{objectPath(name, native())}, opts)
	if err == nil && change != nil {
		err = change(o)
	}
	if err != nil {
		return nil, err
	}
	l, err := o.Load(LoadOptions{})
	if err == nil {
		t.Cleanup(func() { l.Close() })
	}
	return l, err
}

func TestPoliciesOfPinning(t *testing.T) {
	onBPFFS(t, func(root string) {
		path := filepath.Join(root, "shared")
		for _, c := range []struct {
			name    string
			policy  PinPolicy
			there   uint32 // entries of the map that is pinned; 0 for none
			want    error
			isNew   bool // what the load uses is a map of its own
			isThere bool // what was pinned stays pinned
		}{
			{"share, nothing there", PinShare, 0, nil, true, false},
			{"share, the same there", PinShare, 3, nil, false, true},
			{"share, another there", PinShare, 4, refuse.ErrIncompatiblePin, false, true},
			{"new, nothing there", PinNew, 0, nil, true, false},
			{"new, the same there", PinNew, 3, refuse.ErrPinned, false, true},
			{"replace, nothing there", PinReplace, 0, nil, true, false},
			{"replace, the same there", PinReplace, 3, nil, true, false},
			{"replace, another there", PinReplace, 4, nil, true, false},
		} {
			var before uint32
			if c.there != 0 {
				pinMap(t, path, c.there)
				before = pinnedID(t, path)
			}
			l, err := tryLoad(t, "pinned", Options{PinRoot: root, PinPolicy: c.policy}, nil)
			if !errors.Is(err, c.want) || c.want == nil && err != nil {
				t.Errorf("%s: error %v, want %v", c.name, err, c.want)
			}
			after := pinnedID(t, path)
			if (after == before && before != 0) != c.isThere || after == 0 {
				t.Errorf("%s: map %d was pinned, and now it is map %d", c.name, before, after)
			}
			if l != nil {
				id, err := mapID(l, "shared")
				if err != nil || id != after || (id != before) != c.isNew {
					t.Errorf("%s: map %d is used (%v), pinned was %d, is %d", c.name, id, err, before, after)
				}
			}
			if got := entries(t, root); len(got) != 1 {
				t.Errorf("%s: pins %v", c.name, got)
			}
			if err := os.Remove(path); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestAFailedLoadReplacesNothing fails after a map was made that is to replace another: before it
// does, and after.
func TestAFailedLoadReplacesNothing(t *testing.T) {
	onBPFFS(t, func(root string) {
		path := filepath.Join(root, "shared")
		for _, c := range []struct {
			name   string
			object string
			change func(o *Object) error
			want   error
		}{
			{"program refused", "fails", nil, unix.EACCES},
			{"another map cannot be pinned", "btf", func(o *Object) error {
				return errors.Join(o.Map("typed").SetPin(path, PinReplace), o.Map("agreed").SetPin("/proc/agreed", PinReplace))
			}, refuse.ErrNotBPFFS},
		} {
			there := pinMap(t, path, 3)
			before := pinnedID(t, path)
			if _, err := tryLoad(t, c.object, Options{PinRoot: root, PinPolicy: PinReplace}, c.change); !errors.Is(err, c.want) {
				t.Errorf("%s: error %v, want %v", c.name, err, c.want)
			}
			if after := pinnedID(t, path); after != before {
				t.Errorf("%s: map %d was pinned, and now it is map %d", c.name, before, after)
			}
			if got := entries(t, root); len(got) != 1 {
				t.Errorf("%s: pins %v", c.name, got)
			}
			if err := Unpin(there, path); err != nil {
				t.Error(err)
			}
		}
	})
}

// A racer loads objects in a thread of its own, that sees the bpffs of the test.
type racer struct {
	objects chan *Object
	results chan error
	id      uint32 // of the map that the last load used
}

func startRacer(t *testing.T, namespace, root int) *racer {
	r := &racer{objects: make(chan *Object), results: make(chan error)}
	t.Cleanup(func() { close(r.objects) })
	go func() {
		runtime.LockOSThread() // and never unlocked, as in onBPFFS
		// A thread that enters a namespace has its root for its own, which need not be the root of
		// this process.
		r.results <- errors.Join(unix.Unshare(unix.CLONE_FS), unix.Setns(namespace, unix.CLONE_NEWNS), unix.Fchdir(root), unix.Chroot("."))
		for o := range r.objects {
			l, err := o.Load(LoadOptions{})
			if err == nil {
				r.id, err = mapID(l, "shared")
				err = errors.Join(err, l.Close())
			}
			r.results <- err
		}
	}()
	if err := <-r.results; err != nil {
		t.Error(err)
	}
	return r
}

// TestOneMapOfManyLoads has loads of the same object race for one pin in a folder that is not
// there, over and over: all end with one map. Every other time half of them fail after they pinned,
// and take pin and folder away from under the others, who load nevertheless.
func TestOneMapOfManyLoads(t *testing.T) {
	onBPFFS(t, func(root string) {
		const rounds, loads = 100, 4
		namespace, err := unix.Open("/proc/thread-self/ns/mnt", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		slash, rootErr := unix.Open("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err := errors.Join(err, rootErr); err != nil {
			t.Error(err)
			return
		}
		defer unix.Close(namespace)
		defer unix.Close(slash)
		var racers [loads]*racer
		for i := range racers {
			racers[i] = startRacer(t, namespace, slash)
		}
		folder := filepath.Join(root, "folder")
		for round := 0; round < rounds && !t.Failed(); round++ {
			fails := func(i int) bool { return round%2 == 1 && i%2 == 1 }
			for i, r := range racers {
				o := openTest(t, "fails", Options{PinRoot: folder})
				if err := o.Program("wild").SetAutoload(fails(i)); err != nil {
					t.Error(err)
				}
				r.objects <- o
			}
			used := make(map[uint32]bool)
			for i, r := range racers {
				switch err := <-r.results; {
				case fails(i) && !errors.Is(err, unix.EACCES):
					t.Errorf("round %d: error %v", round, err)
				case !fails(i) && err != nil:
					t.Errorf("round %d: %v", round, err)
				case !fails(i):
					used[r.id] = true
				}
			}
			if round%2 == 0 && len(used) != 1 {
				t.Errorf("round %d: maps %v", round, used)
			}
			if err := os.RemoveAll(folder); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestNamesThatCannotBePinned(t *testing.T) {
	needsBPF(t)
	for _, c := range []struct {
		name  string
		want  error
		class Class
	}{
		{"", refuse.ErrPinName, ClassInvalid},
		{"a.b", refuse.ErrPinName, ClassInvalid},
		{".", refuse.ErrPinName, ClassInvalid},
		{"..", refuse.ErrPinName, ClassInvalid},
		{"a/b", refuse.ErrPinName, ClassInvalid},
		{"../b", refuse.ErrPinName, ClassInvalid},
		{"/", refuse.ErrPinName, ClassInvalid},
		{"a\x00b", refuse.ErrPinName, ClassInvalid},
		{strings.Repeat("n", 256), refuse.ErrPinLong, ClassLimit},
		{strings.Repeat("n", 256), unix.ENAMETOOLONG, ClassLimit},
	} {
		o := openTest(t, "pinned", Options{PinRoot: "/sys/fs/bpf"})
		m := o.Map("shared")
		m.def.Name = c.name // no compiler writes such names, but an object may hold them
		m.pinPath = "/sys/fs/bpf/" + c.name
		if e := checkLoadFails(t, c.name, o, c.want); e.Stage != refuse.StagePin || e.Class != c.class {
			t.Errorf("%q: error %#v", c.name, e)
		}
	}
	for _, path := range []string{"/sys/fs/bpf/", "/sys/fs/bpf/a.b", "/sys/fs/bpf/..", "/sys/fs/bpf/" + strings.Repeat("n", 256),
		"/sys/fs/bpf/" + strings.Repeat("d/", 2048) + "n"} {
		o := openTest(t, "pinned", Options{})
		do(t, o.Map("shared").SetPin(path, PinShare))
		want := refuse.ErrPinName
		if len(path) > 200 {
			want = refuse.ErrPinLong
		}
		if e := checkLoadFails(t, path, o, want); e.Stage != refuse.StagePin {
			t.Errorf("%.40q: error %#v", path, e)
		}
	}
}

// TestNamesThatLeadOutOfTheMount has iproute2's maps with names that no compiler writes.
func TestNamesThatLeadOutOfTheMount(t *testing.T) {
	needsBPF(t)
	o := openTest(t, "iproute2_pinned", Options{Iproute2: Iproute2Options{PinMount: "/sys/fs/bpf", PinIDs: map[uint32]string{11: "folder"}}})
	do(t, o.Program("entry").SetKind(ProgramKind{Type: ebpf.SchedCLS}))
	for _, m := range o.Maps() {
		m.def.Name = "../../" + m.def.Name
		m.pinPath, m.pinErr = m.pinTree.path(m.def)
	}
	if e := checkLoadFails(t, "name with dots and slashes", o, refuse.ErrPinName); e.Stage != refuse.StagePin {
		t.Errorf("error %#v", e)
	}
}

func TestTheLongestNameIsPinnedWhole(t *testing.T) {
	onBPFFS(t, func(root string) {
		name := strings.Repeat("n", 255)
		l, err := tryLoad(t, "pinned", Options{}, func(o *Object) error { return o.Map("shared").SetPin(filepath.Join(root, name), PinShare) })
		if err != nil {
			t.Error(err)
			return
		}
		id, err := mapID(l, "shared")
		if got := pinnedID(t, filepath.Join(root, name)); err != nil || got != id {
			t.Errorf("map %d is pinned, want %d (%v)", got, id, err)
		}
	})
}

func TestFoldersForPins(t *testing.T) {
	onBPFFS(t, func(root string) {
		elsewhere := t.TempDir()
		for _, c := range []struct {
			name   string
			folder string
			want   error
		}{
			{"one level missing", filepath.Join(root, "new"), nil},
			{"two levels missing", filepath.Join(root, "no", "no"), os.ErrNotExist},
			{"no bpffs", elsewhere, refuse.ErrNotBPFFS},
			{"one level missing on no bpffs", filepath.Join(elsewhere, "no"), refuse.ErrNotBPFFS},
			{"two levels missing on no bpffs", filepath.Join(elsewhere, "no", "no"), refuse.ErrNotBPFFS},
			{"a pin is no folder", filepath.Join(root, "new", "shared"), unix.ENOTDIR},
		} {
			_, err := tryLoad(t, "pinned", Options{PinRoot: c.folder}, nil)
			if !errors.Is(err, c.want) || c.want == nil && err != nil {
				t.Errorf("%s: error %v, want %v", c.name, err, c.want)
			}
		}
		if got := entries(t, elsewhere); len(got) > 0 {
			t.Errorf("left %v on no bpffs", got)
		}
		if diff := cmp.Diff([]string{"new"}, entries(t, root)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestAFolderThatOthersUseStays has a load fail that made a folder, after another pinned something
// in it.
func TestAFolderThatOthersUseStays(t *testing.T) {
	onBPFFS(t, func(root string) {
		folder := filepath.Join(root, "new")
		handler := ProgramHandler{Section: "xdp", Setup: func(p *Program) error { return p.SetKind(ProgramKind{Type: ebpf.XDP}) },
			Prepare: func(*Preparation) error {
				pinMap(t, filepath.Join(folder, "theirs"), 1)
				return errVendor
			}}
		_, err := tryLoad(t, "fails", Options{PinRoot: folder, ProgramHandlers: []ProgramHandler{handler}}, nil)
		if !errors.Is(err, errVendor) || strings.Contains(err.Error(), "undoing") {
			t.Errorf("error %v", err)
		}
		if diff := cmp.Diff([]string{"theirs"}, entries(t, folder)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestAPinThatAnotherPutThereStays has a load fail whose pin was replaced by another's in the
// meantime.
func TestAPinThatAnotherPutThereStays(t *testing.T) {
	onBPFFS(t, func(root string) {
		path := filepath.Join(root, "shared")
		var theirs *ebpf.Map
		handler := ProgramHandler{Section: "xdp", Setup: func(p *Program) error { return p.SetKind(ProgramKind{Type: ebpf.XDP}) },
			Prepare: func(*Preparation) error {
				if err := os.Remove(path); err != nil {
					return err
				}
				theirs = pinMap(t, path, 1)
				return errVendor
			}}
		if _, err := tryLoad(t, "fails", Options{PinRoot: root, ProgramHandlers: []ProgramHandler{handler}}, nil); !errors.Is(err, errVendor) {
			t.Errorf("error %v", err)
			return
		}
		if err := Unpin(theirs, path); err != nil {
			t.Error(err)
		}
	})
}

func TestAMapThatWasGivenIsPinned(t *testing.T) {
	onBPFFS(t, func(root string) {
		path := filepath.Join(root, "shared")
		mine, other := pinMap(t, filepath.Join(root, "mine"), 3), pinMap(t, filepath.Join(root, "other"), 3)
		use := func(m *ebpf.Map) func(o *Object) error {
			return func(o *Object) error { return o.Map("shared").UseMap(m) }
		}
		for _, c := range []struct {
			name   string
			given  *ebpf.Map
			policy PinPolicy
			want   error
		}{
			{"nothing there", mine, PinShare, nil},
			{"it is there", mine, PinShare, nil},
			{"another is there", other, PinShare, refuse.ErrPinned},
			{"it is there, and nothing should be", mine, PinNew, refuse.ErrPinned},
			{"another replaces it", other, PinReplace, nil},
			{"it replaces another", mine, PinReplace, nil},
			{"it replaces itself", mine, PinReplace, nil},
		} {
			l, err := tryLoad(t, "pinned", Options{PinRoot: root, PinPolicy: c.policy}, use(c.given))
			if !errors.Is(err, c.want) || c.want == nil && err != nil {
				t.Errorf("%s: error %v, want %v", c.name, err, c.want)
			}
			pinned := mine
			if c.policy == PinReplace {
				pinned = c.given
			}
			if same, err := pinsSame(pinned.FD(), path); err != nil || !same {
				t.Errorf("%s: another is pinned (%v)", c.name, err)
			}
			if l != nil {
				l.Close()
			}
		}
	})
}

func TestSizesAreAsSet(t *testing.T) {
	l := load(t, "btf", Options{}, func(o *Object) {
		do(t, o.Program("use").SetAutoload(false))
		do(t, o.Map("typed").Change(func(a *Attributes) { a.ValueSize = 32 }))
		do(t, o.Map("weakly").Change(func(a *Attributes) { a.KeySize = 8 }))
		do(t, o.Map("agreed").Change(func(a *Attributes) { a.ValueSize = 8 })) // as it is
	})
	want := map[string]kernelMap{
		"typed":  {Name: "typed", Type: ebpf.Hash, Key: 4, Value: 32, Entries: 16, Flags: mapdef.FlagNoPrealloc},
		"weakly": {Name: "weakly", Type: ebpf.Hash, Key: 8, Value: 4, Entries: 4},
		"agreed": {Name: "agreed", Type: ebpf.Array, Key: 4, Value: 8, Entries: 1, KeyType: textU32, ValueType: textU64},
	}
	got := kernelMaps(t, l)
	for name := range want {
		if diff := cmp.Diff(want[name], got[name]); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
	o := openTest(t, "data", Options{})
	for _, err := range []error{o.Map(".data").Change(func(a *Attributes) { a.ValueSize = 0 }), o.Map(".data").Change(func(a *Attributes) { a.KeySize = 8 })} {
		if !errors.Is(err, refuse.ErrValue) {
			t.Errorf("size of global data: %v", err)
		}
	}
}

func TestInnerMapsAreLikeTheTemplate(t *testing.T) {
	needsBPF(t)
	template, err := ebpf.NewMap(&ebpf.MapSpec{Name: "template", Type: ebpf.Hash, KeySize: 8, ValueSize: 16, MaxEntries: 4})
	do(t, err)
	defer template.Close()
	l := load(t, "btf", Options{}, func(o *Object) {
		do(t, o.Program("use").SetAutoload(false))
		m := o.Map("sized")
		if err := m.SetInnerMap(template); !errors.Is(err, refuse.ErrInner) {
			t.Errorf("inner map of an array: %v", err)
		}
		do(t, m.Change(func(a *Attributes) { a.Type = ebpf.ArrayOfMaps }))
		do(t, m.Change(func(a *Attributes) { a.ValueSize = 4 }))
		do(t, m.SetInnerMap(template))
	})
	do(t, l.Maps["sized"].Put(uint32(1), template))
	if err := l.Maps["sized"].Put(uint32(2), l.Maps["agreed"]); !errors.Is(err, unix.EINVAL) {
		t.Errorf("a map unlike the template was put in: %v", err)
	}
}

// TestAPinnedMapOfMaps has a map of maps reused: with what it holds, and only if the maps in it are
// of the right shape.
func TestAPinnedMapOfMaps(t *testing.T) {
	onBPFFS(t, func(root string) {
		pin := func(o *Object) error {
			return errors.Join(o.Map("in_array").SetPin(filepath.Join(root, "outer"), PinShare), o.Map("first").SetPin(filepath.Join(root, "first"), PinShare))
		}
		ids := func(l *Loaded) (outer, held, first, second uint32) {
			err := l.Maps["in_array"].Lookup(uint32(0), &held)
			outer, err1 := mapID(l, "in_array")
			first, err2 := mapID(l, "first")
			second, err3 := mapID(l, "second")
			if err := errors.Join(err, err1, err2, err3); err != nil {
				t.Error(err)
			}
			return outer, held, first, second
		}
		l, err := tryLoad(t, "inner", Options{}, pin)
		if err != nil {
			t.Error(err)
			return
		}
		outer1, held1, first1, second1 := ids(l)
		again, err := tryLoad(t, "inner", Options{}, pin)
		if err != nil {
			t.Error(err)
			return
		}
		outer2, held2, first2, second2 := ids(again)
		if outer1 != outer2 || first1 != first2 || second1 == second2 || held1 != first1 || held2 != first1 {
			t.Errorf("first load: outer %d holds %d, maps %d and %d; second: outer %d holds %d, maps %d and %d",
				outer1, held1, first1, second1, outer2, held2, first2, second2)
		}
		_, err = tryLoad(t, "inner", Options{}, func(o *Object) error {
			o.Map("in_array").def.Inner.ValueSize = 8
			return pin(o)
		})
		var differs *MapDiffersError
		if !errors.As(err, &differs) || !cmp.Equal(differs.Differences, []Difference{{"inner_map.value_size", 4, 8}}) {
			t.Errorf("error %v", err)
		}
	})
}
