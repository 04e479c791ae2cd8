// SPDX-License-Identifier: Apache-2.0

package cilium

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/drivers"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/loader/schema"
	"github.com/loadstone-bpf/loadstone/objects"
)

// begin begins a conversation, every exchange of which is held to the schema.
func begin(t *testing.T) loader.Loader {
	t.Helper()
	l := loader.Traced(New(), func(x loader.Exchange) {
		if err := schema.Validate(x.Request, x.Reply); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func do(t *testing.T, l loader.Loader, req loader.Request) loader.Reply {
	t.Helper()
	reply, err := l.Do(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func write(t *testing.T, elf []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "object.o")
	if err := os.WriteFile(name, elf, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func open(object string) loader.Open { return loader.Open{Session: "s", Object: object} }

// refused compares refusals but for what is meant for people.
var refused = cmpopts.IgnoreFields(loader.Rejected{}, "Message", "Log")

// Programs know the version of the library, tests do not. So this one builds the programs as the
// Makefile does.
func TestVersionsAreTheManifests(t *testing.T) {
	choices, err := drivers.Find(loader.Ref{Name: "cilium"})
	if err != nil {
		t.Fatal(err)
	}
	m := choices[0].Manifest
	for version, from := range m.Versions {
		t.Run(version, func(t *testing.T) {
			program := filepath.Join(t.TempDir(), "driver")
			build := exec.Command("go", "build", "-o", program, m.Build.Go)
			if module, own := from.Module(); own {
				build = exec.Command("go", "-C", module, "build", "-o", program)
			}
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			l, err := loader.Start(t.Context(), exec.Command(program), loader.Options{})
			if err != nil {
				t.Fatal(err)
			}
			reply := do(t, l, loader.Hello{Protocols: []int{1}})
			ok, _ := reply.(*loader.OK)
			if ok == nil || ok.Loader.Version != version || ok.Loader.Name != m.Name ||
				ok.Loader.Homepage != m.Homepage {
				t.Errorf("%+v, want version %s", reply, version)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestClaimsOfOlderVersions(t *testing.T) {
	for version, want := range map[string]loader.Support{"0.17.3": loader.No, "0.20.0": loader.No,
		"0.21.0": loader.Partial, "0.22.0": loader.Partial, "1.0.0": loader.Partial} {
		if got := claimsOf(version)[loader.StructOps].Support; got != want {
			t.Errorf("%s: struct-ops %s, want %s", version, got, want)
		}
		if unknown := loader.UnknownFeatures(claimsOf(version)); len(unknown) > 0 {
			t.Errorf("%s: claims %v", version, unknown)
		}
	}
}

func TestOpen(t *testing.T) {
	for _, tt := range []struct {
		name   string
		object string
		want   loader.Reply
	}{
		{"BTF map", write(t, objects.MapDefs.Counter.ELF()),
			&loader.OK{Maps: []loader.MapView{{Name: "counts"}},
				Programs: []loader.ProgramView{{Name: "count", Section: "xdp"}}}},
		{"no file", "/nonexistent/object.o", &loader.Rejected{Stage: loader.AtOpen, Class: loader.IO, Errno: int(syscall.ENOENT)}},
		{"empty", write(t, nil), &loader.Rejected{Stage: loader.AtOpen, Class: loader.Malformed}},
		{"no ELF", write(t, []byte("this is no object of any kind, although it is long enough to be one")), &loader.Rejected{Stage: loader.AtOpen, Class: loader.MalformedELF}},
		{"unknown field", write(t, objects.MapDefs.UnknownField.ELF()), &loader.Rejected{Stage: loader.AtOpen, Class: loader.Unclassified}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, do(t, begin(t), open(tt.object)), refused); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOptionsThatCannotBeFollowedAreUnsupported(t *testing.T) {
	for _, tt := range []struct {
		options loader.OpenOptions
		want    loader.Feature
	}{
		{loader.OpenOptions{IgnoreUnknownFields: true}, loader.IgnoreUnknown},
		{loader.OpenOptions{MapLayout: loader.IPRoute2Layout}, loader.Iproute2Maps},
		{loader.OpenOptions{MapLayout: loader.SamplesLayout}, "map_layout"},
		{loader.OpenOptions{PinMount: "/m"}, loader.Iproute2Maps},
		{loader.OpenOptions{PinSubdir: "xdp"}, loader.Iproute2Maps},
		{loader.OpenOptions{PinIDs: map[string]string{"7": "seven"}}, loader.Iproute2Maps},
		{loader.OpenOptions{Handlers: []loader.Handler{loader.MapFieldHandler}}, loader.CallbackMaps},
		{loader.OpenOptions{Handlers: []loader.Handler{loader.ProgramExactHandler}}, loader.ProgramHandlers},
	} {
		req := open("/o")
		req.Options = tt.options
		if reply, ok := do(t, begin(t), req).(*loader.Unsupported); !ok ||
			reply.Feature != tt.want {
			t.Errorf("%+v: %+v", tt.options, reply)
		}
	}
	req := open(write(t, objects.MapDefs.Counter.ELF()))
	req.Options.MapLayout = loader.LegacyLayout
	if _, ok := do(t, begin(t), req).(*loader.OK); !ok {
		t.Error("the layout that the library reads is refused")
	}
}

// kernel readies the process for tests that load: they need root.
func kernel(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("loading takes root: run make test as root")
	}
}

func TestLoadSetCloseReset(t *testing.T) {
	kernel(t)
	l := begin(t)
	do(t, l, open(write(t, objects.MapDefs.Counter.ELF())))
	set := loader.Set{Session: "s", Target: "map", Name: "counts", Attr: loader.MaxEntries,
		Value: 77}
	if diff := cmp.Diff(&loader.OK{}, do(t, l, set)); diff != "" {
		t.Fatal(diff)
	}
	loaded, ok := do(t, l, loader.Load{Session: "s"}).(*loader.OK)
	if !ok || len(loaded.Maps) != 1 || len(loaded.Programs) != 1 || loaded.Programs[0].ID == 0 {
		t.Fatalf("%+v", loaded)
	}
	m, err := ebpf.NewMapFromID(ebpf.MapID(loaded.Maps[0].ID))
	if err != nil {
		t.Fatal(err)
	}
	if m.MaxEntries() != 77 {
		t.Errorf("%d entries", m.MaxEntries())
	}
	m.Close()
	if late, ok := do(t, l, set).(*loader.Rejected); !ok || late.Class != loader.Busy {
		t.Errorf("set after load: %+v", late)
	}
	if diff := cmp.Diff(&loader.OK{}, do(t, l, loader.Close{Session: "s"})); diff != "" {
		t.Error(diff)
	}
	if broken, ok := do(t, l, loader.Load{Session: "s"}).(*loader.Error); !ok {
		t.Errorf("load after close: %+v", broken)
	}
	if diff := cmp.Diff(&loader.OK{}, do(t, l, loader.Reset{})); diff != "" {
		t.Error(diff)
	}
}

// pins returns a bpffs of the test's own.
func pins(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("bpf", dir, "bpf", 0, ""); err != nil {
		t.Fatalf("mount bpffs: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestReusedMapIsThePinnedOne(t *testing.T) {
	kernel(t)
	l, path := begin(t), filepath.Join(pins(t), "counts")
	object := write(t, objects.MapDefs.Counter.ELF())
	load := func(session string, sets ...loader.Set) loader.Reply {
		t.Helper()
		do(t, l, loader.Open{Session: session, Object: object})
		for _, set := range sets {
			set.Session, set.Target, set.Name = session, "map", "counts"
			if diff := cmp.Diff(&loader.OK{}, do(t, l, set)); diff != "" {
				t.Fatal(diff)
			}
		}
		return do(t, l, loader.Load{Session: session})
	}
	first := load("first").(*loader.OK)
	do(t, l, loader.Pin{Session: "first", Target: "map", Name: "counts", Path: path})
	reuse := loader.Set{Attr: loader.Reuse, Value: path}
	// the later one counts, and the earlier is given up
	again, ok := load("again", reuse, reuse).(*loader.OK)
	if !ok || again.Maps[0].ID != first.Maps[0].ID {
		t.Errorf("%+v, want map %d", again, first.Maps[0].ID)
	}
	want := &loader.Rejected{Stage: loader.AtPin, Class: loader.IncompatiblePin}
	if diff := cmp.Diff(loader.Reply(want),
		load("other", reuse, loader.Set{Attr: loader.MaxEntries, Value: 99}), refused); diff != "" {
		t.Errorf("of another size: %s", diff)
	}
}

// An array takes no map_extra, so its refusal shows that the number came to the kernel.
func TestMapExtraReachesTheKernel(t *testing.T) {
	kernel(t)
	l := begin(t)
	do(t, l, open(write(t, objects.MapDefs.Counter.ELF())))
	set := loader.Set{Session: "s", Target: "map", Name: "counts", Attr: loader.MapExtra, Value: 3}
	if diff := cmp.Diff(&loader.OK{}, do(t, l, set)); diff != "" {
		t.Fatal(diff)
	}
	want := &loader.Rejected{Stage: loader.AtLoad, Class: loader.Invalid,
		Errno: int(syscall.EINVAL)}
	if diff := cmp.Diff(loader.Reply(want), do(t, l, loader.Load{Session: "s"}),
		refused); diff != "" {
		t.Error(diff)
	}
}

func TestLeftOut(t *testing.T) {
	kernel(t)
	l := begin(t)
	opened := do(t, l, open(write(t, objects.MapDefs.Shared.ELF()))).(*loader.OK)
	left := opened.Programs[0].Name
	do(t, l, loader.Set{Session: "s", Target: "program", Name: left, Attr: loader.AutoLoad,
		Value: false})
	loaded, ok := do(t, l, loader.Load{Session: "s"}).(*loader.OK)
	if !ok || len(loaded.Programs) != 2 || loaded.Programs[0].ID != 0 ||
		loaded.Programs[1].ID == 0 {
		t.Errorf("%+v", loaded)
	}
}

// These refusals leave this machine unchanged.
func TestRefusedAfterLoad(t *testing.T) {
	kernel(t)
	l := begin(t)
	do(t, l, open(write(t, objects.MapDefs.Counter.ELF())))
	set := func(target, name string, attr loader.Attribute, value any) loader.Set {
		return loader.Set{Session: "s", Target: target, Name: name, Attr: attr, Value: value}
	}
	broken := cmpopts.IgnoreFields(loader.Error{}, "Message")
	reason := cmpopts.IgnoreFields(loader.Unsupported{}, "Reason")
	steps := []struct {
		fault string
		req   loader.Request
		want  loader.Reply
	}{
		{"session twice", open("/o"), &loader.Error{}},
		{"set no map", set("map", "none", loader.MaxEntries, 1), &loader.Rejected{Stage: loader.AtOpen, Class: loader.NotFound}},
		{"set a number to text", set("map", "counts", loader.MaxEntries, "many"), &loader.Error{}},
		{"set a truth to a number", set("map", "counts", loader.AutoCreate, 1), &loader.Error{}},
		{"reuse a number", set("map", "counts", loader.Reuse, 1), &loader.Error{}},
		{"reuse nothing", set("map", "counts", loader.Reuse, "/nonexistent/p"), &loader.Rejected{Stage: loader.AtPin, Class: loader.NotFound, Errno: int(syscall.ENOENT)}},
		{"elements like nothing", set("map", "counts", loader.InnerMap, "/nonexistent/p"), &loader.Rejected{Stage: loader.AtPin, Class: loader.NotFound, Errno: int(syscall.ENOENT)}},
		{"set map_extra to text", set("map", "counts", loader.MapExtra, "much"), &loader.Error{}},
		{"set a pin path", set("map", "counts", loader.PinPath, "/p"), &loader.Unsupported{Feature: "pin_path"}},
		{"set a program type", set("program", "count", loader.ProgramType, "tc"), &loader.Unsupported{Feature: "program_type"}},
		{"pin before load", loader.Pin{Session: "s", Target: "map", Name: "counts", Path: "/p"}, &loader.Rejected{Stage: loader.AtPin, Class: loader.NotFound}},
		{"attach before load", loader.Attach{Session: "s", Program: "count", Kind: "xdp"}, &loader.Rejected{Stage: loader.AtAttach, Class: loader.NotFound}},
		{"load", loader.Load{Session: "s"}, nil},
		{"load again", loader.Load{Session: "s"}, &loader.Error{}},
		{"attach to no interface", loader.Attach{Session: "s", Program: "count", Kind: "xdp", Ifindex: 1 << 30}, &loader.Rejected{Stage: loader.AtAttach, Class: loader.Invalid, Errno: int(syscall.EINVAL)}},
		{"attach to no cgroup", loader.Attach{Session: "s", Program: "count", Kind: "cgroup", Path: "/nonexistent"}, &loader.Rejected{Stage: loader.AtAttach, Class: loader.Unclassified}},
		{"attach otherwise", loader.Attach{Session: "s", Program: "count", Kind: "tc"}, &loader.Unsupported{Feature: "tc"}},
		{"detach nothing", loader.Detach{Session: "s", Handle: "9"}, &loader.Rejected{Stage: loader.AtAttach, Class: loader.NotFound}},
		{"unpin no program", loader.Unpin{Session: "s", Target: "program", Name: "none", Path: "/p"}, &loader.Rejected{Stage: loader.AtPin, Class: loader.NotFound}},
		{"unpin what is not pinned", loader.Unpin{Session: "s", Target: "map", Name: "counts", Path: "/p"}, &loader.OK{}},
		{"link", loader.Link{Inputs: []string{"a"}, Output: "b"}, &loader.Unsupported{Feature: "link"}},
		{"query", loader.Query{What: "chain"}, &loader.Unsupported{Feature: "query"}},
	}
	for _, step := range steps {
		got := do(t, l, step.req)
		if step.want == nil {
			continue
		}
		if diff := cmp.Diff(step.want, got, refused, broken, reason); diff != "" {
			t.Errorf("%s:\n%s", step.fault, diff)
		}
	}
	// Where there is no bpffs nothing can be pinned; which errno says so is the kernel's business.
	pin := loader.Pin{Session: "s", Target: "map", Name: "counts",
		Path: filepath.Join(t.TempDir(), "counts")}
	if r, ok := do(t, l, pin).(*loader.Rejected); !ok || r.Stage != loader.AtPin {
		t.Errorf("pin: %+v", r)
	}
}

func TestLoadRefused(t *testing.T) {
	kernel(t)
	for _, tt := range []struct {
		name   string
		object objects.Object
		want   loader.Rejected
		log    bool
	}{
		{"by the verifier", objects.MapDefs.KernelProgram, loader.Rejected{Stage: loader.AtVerify, Class: loader.Verifier, Errno: int(syscall.EACCES)}, true},
		{"map flag", objects.MapDefs.KernelFlag, loader.Rejected{Stage: loader.AtLoad, Class: loader.Invalid, Errno: int(syscall.EINVAL)}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := begin(t)
			do(t, l, open(write(t, tt.object.ELF())))
			reply := do(t, l, loader.Load{Session: "s"})
			if diff := cmp.Diff(loader.Reply(&tt.want), reply, refused); diff != "" {
				t.Fatal(diff)
			}
			if r := reply.(*loader.Rejected); (r.Log != "") != tt.log || r.Message == "" {
				t.Errorf("message %q, log %q", r.Message, r.Log)
			}
		})
	}
}

func TestWhatAnErrorTells(t *testing.T) {
	for _, tt := range []struct {
		err  error
		at   loader.Stage
		want loader.Rejected
	}{
		{fmt.Errorf("x: %w", ebpf.ErrMapIncompatible), loader.AtLoad, loader.Rejected{Stage: loader.AtPin, Class: loader.IncompatiblePin}},
		{fmt.Errorf("x: %w", ebpf.ErrNotSupported), loader.AtLoad, loader.Rejected{Stage: loader.AtLoad, Class: loader.NotSupported}},
		{errors.New("text"), loader.AtOpen, loader.Rejected{Stage: loader.AtOpen, Class: loader.Unclassified}},
		{fmt.Errorf("x: %w", syscall.EBUSY), loader.AtAttach, loader.Rejected{Stage: loader.AtAttach, Class: loader.Busy, Errno: 16}},
		{&ebpf.VerifierError{Cause: syscall.EPERM}, loader.AtLoad, loader.Rejected{Stage: loader.AtLoad, Class: loader.Permission, Errno: 1}},
		{&ebpf.VerifierError{Cause: syscall.EPERM, Log: []string{"no"}}, loader.AtLoad, loader.Rejected{Stage: loader.AtVerify, Class: loader.Verifier, Errno: 1}},
	} {
		if diff := cmp.Diff(&tt.want, refusal(tt.at, tt.err), refused); diff != "" {
			t.Errorf("%v:\n%s", tt.err, diff)
		}
	}
}
