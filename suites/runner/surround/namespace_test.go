// SPDX-License-Identifier: Apache-2.0

package surround

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/requirements"
)

// asDriver in the environment makes this program a driver that tells where it is.
const asDriver = "SURROUND_DRIVER"

// beDriver reports whether this process was the driver of a test.
func beDriver() bool {
	Enter()
	if os.Getenv(asDriver) == "" {
		return false
	}
	loader.Main(teller{})
	return true
}

// A teller greets with what its process is.
type teller struct{}

func (teller) Close() error { return nil }

func (teller) Do(_ context.Context, request loader.Request) (loader.Reply, error) {
	hello, is := request.(loader.Hello)
	if !is {
		return &loader.OK{}, nil
	}
	users, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		return nil, err
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(hello.Dirs.BPFFS, &fs); err != nil {
		return nil, err
	}
	file := filepath.Join(hello.Dirs.BPFFS, "folder")
	return &loader.OK{Protocol: loader.Version, Loader: &loader.Identity{
		Name: "teller", Version: "1", Components: map[string]string{
			"user": fmt.Sprint(os.Getuid()), "users": strings.Join(strings.Fields(string(users)), " "),
			"bpffs": fmt.Sprint(fs.Type == unix.BPF_FS_MAGIC), "mkdir": fmt.Sprint(os.Mkdir(file, 0o700)),
		},
	}}, nil
}

// start starts the teller in a user namespace of user 65534.
func start(t *testing.T, path string, in requirements.Delegation) (loader.Loader, error) {
	t.Helper()
	l, err := Start(t.Context(), &exec.Cmd{
		Path: path, Args: []string{"driver"}, Env: []string{asDriver + "=1"},
	}, requirements.Surroundings{User: 65534, Delegate: &in}, "", nil, loader.Options{})
	if err == nil {
		t.Cleanup(func() {
			if err := l.Close(); err != nil {
				t.Log(err)
			}
		})
	}
	return l, err
}

// mountFor mounts the driver's bpffs, until the test ends, and returns where.
func mountFor(t *testing.T, l loader.Loader) (string, error) {
	t.Helper()
	dir := t.TempDir()
	for _, above := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(above, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	err := l.(Mounter).Mount(dir)
	if err == nil {
		t.Cleanup(func() {
			if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
				t.Error(err)
			}
		})
	}
	return dir, err
}

func TestADriverIsRootOfItsNamespaceAndNobodyOutside(t *testing.T) {
	l, err := start(t, "/proc/self/exe", requirements.Delegation{Cmds: "any"})
	if err != nil {
		t.Fatal(err)
	}
	dir, err := mountFor(t, l)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := l.Do(t.Context(), loader.Hello{
		Protocols: []int{loader.Version}, Dirs: loader.Dirs{BPFFS: dir},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(reply.(*loader.OK).Loader.Components)
	if want := "map[bpffs:true mkdir:<nil> user:0 users:0 65534 1]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	// We see what it made: the same bpffs is mounted for us.
	info, err := os.Stat(filepath.Join(dir, "folder"))
	if err != nil || !info.IsDir() {
		t.Errorf("its folder: %v, %v", info, err)
	}
}

func TestADelegationThatTheKernelDoesNotTakeIsNoDriver(t *testing.T) {
	l, err := start(t, "/proc/self/exe", requirements.Delegation{Maps: "no_such_type"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := mountFor(t, l); !errors.Is(err, unix.EINVAL) ||
		!strings.Contains(err.Error(), "delegate_maps=no_such_type") {
		t.Errorf("%v, want %v for delegate_maps", err, unix.EINVAL)
	}
}

func TestADriverThatCannotBeStartedInItsNamespaceHasDied(t *testing.T) {
	l, err := start(t, "/nonexistent/driver", requirements.Delegation{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := mountFor(t, l); err != nil {
		t.Fatal(err)
	}
	_, err = l.Do(t.Context(), loader.Hello{Protocols: []int{loader.Version}})
	var fault *loader.Fault
	if !errors.As(err, &fault) || fault.Kind != loader.ErrDied ||
		!strings.Contains(fault.Stderr, "/nonexistent/driver") {
		t.Errorf("%v, want that it died, and why", err)
	}
}
