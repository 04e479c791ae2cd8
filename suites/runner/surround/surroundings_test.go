// SPDX-License-Identifier: Apache-2.0

package surround

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/requirements"
)

// run runs a command in surroundings, and returns what it prints on stdout.
func run(t *testing.T, in requirements.Surroundings, bpffs string, argv ...string) string {
	t.Helper()
	thread, err := newThread(func() error { return within(in, bpffs) })
	if err != nil {
		t.Fatal(err)
	}
	defer thread.Close()
	cmd := become(exec.Command(argv[0], argv[1:]...), in)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	thread.Do(func() {
		err = limitLocked(in.Memlock, cmd.Start)
		if err == nil {
			err = cmd.Wait()
		}
	})
	if err != nil {
		t.Fatalf("%v in %v: %v: %s", argv, in, err, stderr.String())
	}
	return stdout.String()
}

// fields returns those fields of /proc/self/status.
func fields(status string, names ...string) map[string]string {
	all := make(map[string]string)
	for line := range strings.Lines(status) {
		name, value, _ := strings.Cut(line, ":")
		for _, want := range names {
			if name == want {
				all[name] = strings.Join(strings.Fields(value), " ")
			}
		}
	}
	return all
}

// asKeeper in the environment makes the test program a keeper.
const asKeeper = "LOADSTONE_TEST_AS_KEEPER"

func TestMain(m *testing.M) {
	if beDriver() {
		return
	}
	if folder := os.Getenv(asKeeper); folder != "" {
		if err := Keep(folder); err != nil {
			panic(err)
		}
		return
	}
	if os.Geteuid() != 0 {
		panic("drivers are started with less than root has: run as root")
	}
	os.Exit(m.Run())
}

func TestUserHasTheCapabilitiesThatAreNamed(t *testing.T) {
	const bpf, netAdmin, none = "0000008000000000", "0000000000001000", "0000000000000000"
	for _, tc := range []struct {
		name string
		in   requirements.Surroundings
		want map[string]string
	}{
		{
			"one", requirements.Surroundings{User: 65534, Caps: []string{"bpf"}},
			map[string]string{
				"Uid": "65534 65534 65534 65534", "Groups": "", "CapPrm": bpf, "CapEff": bpf,
				"CapBnd": bpf, "CapAmb": bpf,
			},
		},
		{
			"none", requirements.Surroundings{User: 65534, Caps: []string{}},
			map[string]string{
				"Uid": "65534 65534 65534 65534", "Groups": "", "CapPrm": none, "CapEff": none,
				"CapBnd": none, "CapAmb": none,
			},
		},
		{
			"root", requirements.Surroundings{Caps: []string{"net_admin"}},
			map[string]string{
				"Uid": "0 0 0 0", "CapPrm": netAdmin, "CapEff": netAdmin, "CapBnd": netAdmin,
				"CapAmb": none,
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var names []string
			for name := range tc.want {
				names = append(names, name)
			}
			got := fields(run(t, tc.in, "", "/bin/cat", "/proc/self/status"), names...)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What no driver has is taken away in all surroundings.
func TestForbiddenCapabilitiesAreDropped(t *testing.T) {
	thread, err := NewThread(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer thread.Close()
	for _, c := range forbidden {
		thread.Do(func() {
			has, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, c, 0, 0, 0)
			if err != nil || has != 0 {
				t.Errorf("capability %d: %d, %v", c, has, err)
			}
		})
	}
}

// The mount is read-only for the driver, and not for us.
func TestReadOnlyBPFFS(t *testing.T) {
	folder := t.TempDir()
	if err := unix.Mount("bpf", folder, "bpf", 0, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(folder, 0); err != nil {
			t.Error(err)
		}
	})
	in := requirements.Surroundings{BPFFS: requirements.ReadOnly}
	mounts := run(t, in, folder, "/bin/cat", "/proc/self/mountinfo")
	if got := options(mounts, folder); !strings.HasPrefix(got, "ro,") {
		t.Errorf("the driver has %s mounted %q", folder, got)
	}
	ours, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	if got := options(string(ours), folder); !strings.HasPrefix(got, "rw,") {
		t.Errorf("we have %s mounted %q", folder, got)
	}
}

// options returns the options of what is mounted on a folder.
func options(mountinfo, folder string) string {
	for line := range strings.Lines(mountinfo) {
		if fields := strings.Fields(line); len(fields) > 5 && fields[4] == folder {
			return fields[5]
		}
	}
	return ""
}
