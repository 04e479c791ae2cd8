// SPDX-License-Identifier: Apache-2.0

package hygiene

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/rlimit"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/oracle/turn"
)

// inside in the environment says that the test program is PID 1 of namespaces of its own.
const inside = "LOADSTONE_TEST_INSIDE"

func init() {
	runtime.LockOSThread() // the tests need no first thread, and one that a test changed stays
}

// TestMain runs the tests in namespaces of their own, so that what others do on this machine does
// not count. What has no namespace (BPF objects, memory) others may change at any time.
func TestMain(m *testing.M) {
	if os.Getenv(inside) == "" {
		if os.Geteuid() != 0 {
			fmt.Fprintln(os.Stderr, "the tests of package hygiene need root: run make test, or sudo go test")
			os.Exit(1)
		}
		mine, err := turn.ForTests(os.Stderr)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		defer mine.End()
		cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
		cmd.Env = append(os.Environ(), inside+"=1")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWUTS |
				unix.CLONE_NEWIPC | unix.CLONE_NEWCGROUP,
			Pdeathsig: unix.SIGKILL,
		}
		if err := cmd.Run(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if err := furnish(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// furnish mounts what shows the namespaces of the tests.
func furnish() error {
	if err := rlimit.RemoveMemlock(); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	for _, m := range []struct{ fs, dir string }{
		{"proc", "/proc"}, {"tmpfs", "/run"}, {"cgroup2", "/sys/fs/cgroup"}, {"bpf", "/sys/fs/bpf"},
	} {
		if err := unix.Mount(m.fs, m.dir, m.fs, 0, ""); err != nil {
			return fmt.Errorf("mount %s on %s: %w", m.fs, m.dir, err)
		}
	}
	return nil
}

// volatile is the folder whose files count in these tests.
const volatile = "/run/volatile"

func begin(t *testing.T) *Watch {
	t.Helper()
	if err := os.MkdirAll(volatile, 0o755); err != nil {
		t.Fatal(err)
	}
	w, err := Begin(Options{Folders: []string{volatile}, Except: []string{volatile + "/not"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// look looks once, and leaves out the kinds that others on this machine change.
func look(t *testing.T, w *Watch, others ...Kind) []string {
	t.Helper()
	state, err := w.look()
	if err != nil {
		t.Fatal(err)
	}
	var changes []string
	for _, c := range state.Changes {
		if !slices.Contains(others, c.Kind) {
			changes = append(changes, string(c.Kind)+": "+c.String())
		}
	}
	return changes
}

// ofOthers are the kinds that others on this machine change.
var ofOthers = []Kind{Program, Map, Link, BTF, Memory, Sysctl, Module, Taint}

// A leaving leaves something behind, and takes it back.
type leaving struct {
	name  string
	leave func(t *testing.T) (undo func())
	want  []string // prefixes: each has to begin a change, and each change with one of them
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newMap(t *testing.T) *ebpf.Map {
	t.Helper()
	m, err := ebpf.NewMap(&ebpf.MapSpec{
		Name: "left_map", Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1,
	})
	must(t, err)
	return m
}

func newProgram(t *testing.T, kind ebpf.ProgramType) *ebpf.Program {
	t.Helper()
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "left_program", Type: kind, License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 1), asm.Return()},
	})
	must(t, err)
	return p
}

// sleeper starts a process that does nothing.
func sleeper(t *testing.T, attr *syscall.SysProcAttr) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sleep", "1000")
	cmd.SysProcAttr = attr
	must(t, cmd.Start())
	return cmd
}

func end(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	must(t, cmd.Process.Kill())
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) {
		t.Errorf("a process that was killed ended with %v", err)
	}
}

// loopback returns lo, the one device of the tests.
func loopback(t *testing.T) netlink.Link {
	t.Helper()
	lo, err := netlink.LinkByName("lo")
	must(t, err)
	return lo
}

var leavings = []leaving{
	{"pin", func(t *testing.T) func() {
		m := newMap(t)
		must(t, m.Pin("/sys/fs/bpf/left"))
		must(t, m.Close())
		return func() { must(t, os.Remove("/sys/fs/bpf/left")) }
	}, []string{"pin: new pin /sys/fs/bpf/left"}},

	{"folder in a bpffs", func(t *testing.T) func() {
		must(t, os.Mkdir("/sys/fs/bpf/folder", 0o700))
		return func() { must(t, os.Remove("/sys/fs/bpf/folder")) }
	}, []string{"pin: new pin /sys/fs/bpf/folder"}},

	{"pin in another bpffs", func(t *testing.T) func() {
		must(t, os.Mkdir("/run/other", 0o700))
		must(t, unix.Mount("bpf", "/run/other", "bpf", 0, ""))
		m := newMap(t)
		must(t, m.Pin("/run/other/left"))
		must(t, m.Close())
		return func() {
			must(t, unix.Unmount("/run/other", 0))
			must(t, os.Remove("/run/other"))
		}
	}, []string{"pin: new pin /run/other/", "mount: new mount bpf on /run/other"}},

	{"mount", func(t *testing.T) func() {
		must(t, os.Mkdir("/run/a mount", 0o700))
		must(t, unix.Mount("tmpfs", "/run/a mount", "tmpfs", 0, ""))
		return func() {
			must(t, unix.Unmount("/run/a mount", 0))
			must(t, os.Remove("/run/a mount"))
		}
	}, []string{"mount: new mount tmpfs on /run/a mount"}},

	{"options of a mount", func(t *testing.T) func() {
		must(t, unix.Mount("", "/run", "", unix.MS_REMOUNT|unix.MS_NOEXEC, ""))
		return func() { must(t, unix.Mount("", "/run", "", unix.MS_REMOUNT, "")) }
	}, []string{"mount: changed mount tmpfs on /run rw"}},

	{"mounted namespace", func(t *testing.T) func() {
		must(t, os.WriteFile("/run/namespace", nil, 0o600))
		inThread(t, func() {
			must(t, unix.Unshare(unix.CLONE_NEWNET))
			must(t, unix.Mount("/proc/thread-self/ns/net", "/run/namespace", "", unix.MS_BIND, ""))
		})
		return func() {
			must(t, unix.Unmount("/run/namespace", 0))
			must(t, os.Remove("/run/namespace"))
		}
	}, []string{"mount: new mount nsfs on /run/namespace", "namespace: new namespace net:["}},

	{"namespace of a process", func(t *testing.T) func() {
		cmd := sleeper(t, &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET})
		return func() { end(t, cmd) }
	}, []string{"process: new process", "namespace: new namespace net:[", "descriptor: new"}},

	{"namespace of a thread", func(t *testing.T) func() {
		stop, stopped, ready := make(chan bool), make(chan bool), make(chan error)
		go func() {
			runtime.LockOSThread() // and never unlocked: the thread ends here
			defer close(stopped)
			ready <- unix.Unshare(unix.CLONE_NEWUTS)
			<-stop
		}()
		must(t, <-ready)
		return func() {
			close(stop)
			<-stopped
		}
	}, []string{"namespace: new namespace uts:["}},

	{"namespace of a descriptor", func(t *testing.T) func() {
		var f *os.File
		inThread(t, func() {
			must(t, unix.Unshare(unix.CLONE_NEWNET))
			var err error
			f, err = os.Open("/proc/thread-self/ns/net")
			must(t, err)
		})
		return func() { must(t, f.Close()) }
	}, []string{"namespace: new namespace net:[", "descriptor: new descriptor"}},

	{"device", func(t *testing.T) func() {
		pair := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "left0"}, PeerName: "left1"}
		must(t, netlink.LinkAdd(pair))
		return func() { must(t, netlink.LinkDel(pair)) }
	}, []string{"device: new device "}},

	{"mtu", func(t *testing.T) func() {
		lo := loopback(t)
		must(t, netlink.LinkSetMTU(lo, 1400))
		return func() { must(t, netlink.LinkSetMTU(lo, 65536)) }
	}, []string{"device: changed device 1 lo mtu 65536"}},

	{"address", func(t *testing.T) func() {
		address, err := netlink.ParseAddr("192.0.2.1/32")
		must(t, err)
		must(t, netlink.AddrAdd(loopback(t), address))
		return func() { must(t, netlink.AddrDel(loopback(t), address)) }
	}, []string{"device: new address 192.0.2.1/32 of device 1", "device: new route 192.0.2.1/32"}},

	{"XDP", func(t *testing.T) func() {
		p := newProgram(t, ebpf.XDP)
		must(t, netlink.LinkSetXdpFdWithFlags(loopback(t), p.FD(), 2))
		must(t, p.Close())
		return func() { must(t, netlink.LinkSetXdpFdWithFlags(loopback(t), -1, 2)) }
	}, []string{"device: changed device 1 lo xdp none -> xdp program "}},

	{"qdisc and filter", func(t *testing.T) func() {
		qdisc := &netlink.Clsact{QdiscAttrs: netlink.QdiscAttrs{
			LinkIndex: 1, Handle: netlink.MakeHandle(0xffff, 0), Parent: netlink.HANDLE_CLSACT,
		}}
		must(t, netlink.QdiscAdd(qdisc))
		p := newProgram(t, ebpf.SchedCLS)
		must(t, netlink.FilterAdd(&netlink.BpfFilter{
			FilterAttrs: netlink.FilterAttrs{
				LinkIndex: 1, Parent: netlink.HANDLE_MIN_EGRESS, Handle: 1, Protocol: unix.ETH_P_ALL,
				Priority: 3,
			},
			Fd: p.FD(), Name: "left", DirectAction: true,
		}))
		must(t, p.Close())
		return func() { must(t, netlink.QdiscDel(qdisc)) }
	}, []string{
		"qdisc: new qdisc clsact ffff:", "qdisc: new filter bpf 0", "qdisc: new filter bpf 1",
	}},

	{"cgroup", func(t *testing.T) func() {
		must(t, os.Mkdir("/sys/fs/cgroup/left", 0o700))
		return func() { must(t, os.Remove("/sys/fs/cgroup/left")) }
	}, []string{"cgroup: new cgroup /sys/fs/cgroup/left"}},

	{"process", func(t *testing.T) func() {
		cmd := sleeper(t, nil)
		return func() { end(t, cmd) }
	}, []string{"process: new process", "descriptor: new descriptor"}},

	{"descriptor", func(t *testing.T) func() {
		f, err := os.Open("/etc/passwd")
		must(t, err)
		return func() { must(t, f.Close()) }
	}, []string{"descriptor: new descriptor"}},

	{"host name", func(t *testing.T) func() {
		var was unix.Utsname
		must(t, unix.Uname(&was))
		must(t, unix.Sethostname([]byte("left")))
		return func() {
			must(t, unix.Sethostname([]byte(unix.ByteSliceToString(was.Nodename[:]))))
		}
	}, []string{"sysctl: changed sysctl kernel.hostname"}},

	{"folder of this process", func(t *testing.T) func() {
		was, err := os.Getwd()
		must(t, err)
		must(t, os.Chdir("/run"))
		return func() { must(t, os.Chdir(was)) }
	}, []string{"self: changed self cwd "}},

	{"umask", func(t *testing.T) func() {
		was := unix.Umask(0o027)
		return func() { unix.Umask(was) }
	}, []string{"self: changed self Umask 0022 -> 0027"}},

	{"limit", func(t *testing.T) func() {
		var was unix.Rlimit
		must(t, unix.Getrlimit(unix.RLIMIT_CORE, &was))
		less := was
		less.Cur = 17
		must(t, unix.Setrlimit(unix.RLIMIT_CORE, &less))
		return func() { must(t, unix.Setrlimit(unix.RLIMIT_CORE, &was)) }
	}, []string{"self: changed self limit of CORE "}},

	{"environment", func(t *testing.T) func() {
		must(t, os.Setenv("LEFT", "behind"))
		return func() { must(t, os.Unsetenv("LEFT")) }
	}, []string{"self: new self variable LEFT"}},

	{"CPUs of a thread", func(t *testing.T) func() {
		runtime.LockOSThread()
		var had, first unix.CPUSet
		must(t, unix.SchedGetaffinity(0, &had))
		if had.Count() < 2 {
			t.Skipf("this process may use %d CPU, so none can be taken from it", had.Count())
		}
		first.Set(0)
		must(t, unix.SchedSetaffinity(0, &first))
		return func() {
			must(t, unix.SchedSetaffinity(0, &had))
			runtime.UnlockOSThread()
		}
	}, []string{"self: new self threads on CPUs 1"}},

	{"file", func(t *testing.T) func() {
		must(t, os.WriteFile(volatile+"/left", nil, 0o600))
		return func() { must(t, os.Remove(volatile+"/left")) }
	}, []string{"file: new file /run/volatile/left"}},

	{"files in a folder", func(t *testing.T) func() {
		must(t, os.MkdirAll(volatile+"/a/b", 0o700))
		must(t, os.Symlink("/nowhere", volatile+"/a/b/c"))
		return func() { must(t, os.RemoveAll(volatile+"/a")) }
	}, []string{
		"file: new file /run/volatile/a", "file: new file /run/volatile/a/b",
		"file: new file /run/volatile/a/b/c",
	}},

	{"files that do not count", func(t *testing.T) func() {
		must(t, os.MkdirAll(volatile+"/not/at/all", 0o700))
		return func() { must(t, os.RemoveAll(volatile+"/not")) }
	}, nil},
}

// inThread runs do in a thread that ends with it.
func inThread(t *testing.T, do func()) {
	t.Helper()
	done := make(chan bool)
	go func() {
		defer close(done)
		runtime.LockOSThread()
		do()
	}()
	<-done
}

func TestWhatIsLeftIsSeenAndNothingElse(t *testing.T) {
	for _, l := range leavings {
		t.Run(l.name, func(t *testing.T) {
			w := begin(t)
			own := ofOthers
			if strings.HasPrefix(strings.Join(l.want, ""), "sysctl") {
				own = slices.DeleteFunc(slices.Clone(own), func(k Kind) bool { return k == Sysctl })
			}
			undo := l.leave(t)
			settle(t, w, own, l.want)
			undo()
			settle(t, w, own, nil)
		})
	}
}

// settle looks until every prefix begins a change, and every change with a prefix, for ten seconds.
func settle(t *testing.T, w *Watch, others []Kind, prefixes []string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; <-time.After(time.Millisecond) {
		changes := look(t, w, others...)
		unseen, unwanted := unmatched(prefixes, changes)
		switch {
		case len(unseen) == 0 && len(unwanted) == 0:
			return
		case time.Now().After(deadline):
			t.Errorf("not seen: %q; seen, and not asked for: %q", unseen, unwanted)
			return
		}
	}
}

// unmatched returns the prefixes that begin no change, and the changes that begin with no prefix.
func unmatched(prefixes, changes []string) (unseen, unwanted []string) {
	unseen, unwanted = slices.Clone(prefixes), slices.Clone(changes)
	for _, c := range changes {
		for _, p := range prefixes {
			if strings.HasPrefix(c, p) {
				unseen = slices.DeleteFunc(unseen, func(s string) bool { return s == p })
				unwanted = slices.DeleteFunc(unwanted, func(s string) bool { return s == c })
			}
		}
	}
	return unseen, unwanted
}

// BPF objects have no namespaces: others make some too, so only these are looked for.
func TestBPFObjectsAreSeen(t *testing.T) {
	has := func(w *Watch, what string) bool {
		return slices.ContainsFunc(look(t, w), func(c string) bool { return strings.Contains(c, what) })
	}
	waitUntil := func(w *Watch, what string, want bool) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); has(w, what) != want; <-time.After(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Errorf("%q is seen: %v", what, !want)
				return
			}
		}
	}
	w := begin(t)

	m := newMap(t)
	info, err := m.Info()
	must(t, err)
	id, _ := info.ID()
	what := fmt.Sprintf("map: new map %d left_map (array)", id)
	waitUntil(w, what, true)
	must(t, m.Close())
	waitUntil(w, what, false)

	p := newProgram(t, ebpf.CGroupSKB)
	programInfo, err := p.Info()
	must(t, err)
	programID, _ := programInfo.ID()
	what = fmt.Sprintf("program: new program %d left_program (cgroup_skb)", programID)
	waitUntil(w, what, true)

	l, err := link.AttachCgroup(link.CgroupOptions{
		Path: "/sys/fs/cgroup", Attach: ebpf.AttachCGroupInetIngress, Program: p,
	})
	must(t, err)
	linkInfo, err := l.Info()
	must(t, err)
	attached := fmt.Sprintf("link: new link %d", linkInfo.ID)
	waitUntil(w, attached, true)
	must(t, l.Close())
	waitUntil(w, attached, false)
	must(t, p.Close())
	waitUntil(w, what, false)

	types, err := btf.NewHandleFromRawBTF(rawBTF(t))
	must(t, err)
	typesInfo, err := types.Info()
	must(t, err)
	what = fmt.Sprintf("btf: new btf %d", typesInfo.ID)
	waitUntil(w, what, true)
	must(t, types.Close())
	waitUntil(w, what, false)
}

// rawBTF returns types for the kernel.
func rawBTF(t *testing.T) []byte {
	t.Helper()
	b, err := btf.NewBuilder([]btf.Type{&btf.Int{Name: "left", Size: 4}}, nil)
	must(t, err)
	raw, err := b.Marshal(nil, nil)
	must(t, err)
	return raw
}

func TestWhatWasThereAndIsGoneIsSeen(t *testing.T) {
	must(t, os.MkdirAll(volatile, 0o755))
	must(t, os.WriteFile(volatile+"/there", nil, 0o600))
	w := begin(t)
	must(t, os.Remove(volatile+"/there"))
	want := []string{"file: gone file /run/volatile/there"}
	if changes := look(t, w, ofOthers...); !slices.Equal(changes, want) {
		t.Errorf("%q, want %q", changes, want)
	}
}

func TestContentThatChangedIsSeen(t *testing.T) {
	must(t, os.MkdirAll(volatile, 0o755))
	must(t, os.WriteFile(volatile+"/there", []byte("a"), 0o600))
	defer os.Remove(volatile + "/there")
	w := begin(t)
	for deadline := time.Now().Add(10 * time.Second); ; {
		// The kernel's clock ticks some hundred times a second.
		must(t, os.WriteFile(volatile+"/there", []byte("b"), 0o600))
		changes := look(t, w, ofOthers...)
		if len(changes) == 1 && strings.HasPrefix(changes[0], "file: changed file /run/volatile/there changed at ") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%q", changes)
		}
	}
}

func TestRenewTakesWhatIsThere(t *testing.T) {
	w := begin(t)
	must(t, os.WriteFile(volatile+"/later", nil, 0o600))
	defer os.Remove(volatile + "/later")
	must(t, w.Renew())
	if changes := look(t, w, ofOthers...); len(changes) > 0 {
		t.Errorf("%q", changes)
	}
}

func TestLookWaitsForWhatGoesLate(t *testing.T) {
	w := begin(t)
	must(t, os.WriteFile(volatile+"/late", nil, 0o600))
	time.AfterFunc(30*time.Millisecond, func() { os.Remove(volatile + "/late") })
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	state, err := w.Look(ctx)
	must(t, err)
	if slices.ContainsFunc(state.Changes, func(c Change) bool { return c.Kind == File }) {
		t.Errorf("%v", state.Changes)
	}
}

// What lasts is not waited for, and still seen together with what goes late.
func TestLookDoesNotWaitForWhatLasts(t *testing.T) {
	w := begin(t)
	must(t, os.WriteFile(volatile+"/lasting", nil, 0o600))
	defer os.Remove(volatile + "/lasting")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	state, err := w.Look(ctx)
	must(t, err)
	if !slices.ContainsFunc(state.Changes, func(c Change) bool { return c.Kind == File }) || ctx.Err() != nil {
		t.Errorf("%v, %v", state.Changes, ctx.Err())
	}
}

func TestEachKindIsCounted(t *testing.T) {
	w := begin(t)
	state, err := w.look()
	must(t, err)
	for _, kind := range Kinds {
		if _, counted := state.Held[kind]; !counted {
			t.Errorf("%s is not counted", kind)
		}
	}
	for _, kind := range []Kind{Mount, Namespace, Device, Descriptor, Sysctl, Taint, Self, Memory} {
		if state.Held[kind] == 0 {
			t.Errorf("there is no %s", kind)
		}
	}
}

func TestAWatchLeavesNothingItself(t *testing.T) {
	w := begin(t)
	for range 3 {
		other, err := Begin(Options{})
		must(t, err)
		if _, err := other.look(); err != nil {
			t.Error(err)
		}
		must(t, other.Close())
	}
	if changes := look(t, w, ofOthers...); len(changes) > 0 {
		t.Errorf("%q", changes)
	}
}

func BenchmarkLook(b *testing.B) {
	w, err := Begin(Options{Folders: []string{"/tmp", "/run"}})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.look(); err != nil {
			b.Fatal(err)
		}
	}
}
