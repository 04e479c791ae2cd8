// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// The test binary is its own driver: with this variable it serves one of Drivers and ends.
const envDriver = "LOADSTONE_TEST_DRIVER"

func TestMain(m *testing.M) {
	if serve := Drivers[os.Getenv(envDriver)]; serve != nil {
		serve()
	}
	// What a driver leaves behind becomes a child of this process, which can then tell what became
	// of it.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// modest opens and loads nothing, and says so.
type modest struct{ closed int }

func (*modest) Do(_ context.Context, req Request) (Reply, error) {
	switch r := req.(type) {
	case Hello:
		return &OK{
			Loader: &Identity{Name: "modest", Version: "1.2"},
			Features: map[Feature]Claim{BTFMaps: {Support: Yes},
				NUMA: {Support: No, Reason: "has no memory"}},
		}, nil
	case Open:
		return &OK{Maps: []MapView{{Name: r.Object}}}, nil
	case Load:
		return &Rejected{Stage: AtVerify, Class: Verifier, Errno: 22, Log: "R1 !read_ok"}, nil
	case Set:
		return &OK{}, nil
	case Query:
		return nil, errors.New("no idea")
	case Attach:
		return &Unsupported{Feature: Feature(r.Kind)}, nil
	case Link:
		panic("linking")
	}
	return &OK{}, nil
}

func (m *modest) Close() error { m.closed++; return nil }

// conversation holds requests that a process and a linked-in loader answer alike.
var conversation = []struct {
	req  Request
	want Reply
}{
	{Hello{Protocols: []int{1}, Suite: "test", Kernel: Kernel{Release: "6.12", Arch: "x86_64"}, Dirs: Dirs{Work: "/w", BPFFS: "/b"}},
		&OK{Protocol: 1, Loader: &Identity{Name: "modest", Version: "1.2"},
			Features: map[Feature]Claim{BTFMaps: {Support: Yes},
				NUMA: {Support: No, Reason: "has no memory"}}}},
	{Open{Session: "s1", Object: "/o/größe.o"}, &OK{Maps: []MapView{{Name: "/o/größe.o"}}}},
	{Set{Session: "s1", Target: "map", Name: "m", Attr: MaxEntries, Value: 7}, &OK{}},
	{Load{Session: "s1"}, &Rejected{Stage: AtVerify, Class: Verifier, Errno: 22, Log: "R1 !read_ok"}},
	{Attach{Session: "s1", Program: "p", Kind: "xdp"}, &Unsupported{Feature: "xdp"}},
	{Query{What: "chain"}, &Error{Message: "no idea"}},
	{Reset{}, &OK{}},
}

func converse(t *testing.T, l Loader) {
	t.Helper()
	for _, step := range conversation {
		got, err := l.Do(WithSpec(t.Context(), "a.spec"), step.req)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("%s:\n%s", step.req.Op(), diff)
		}
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := l.Do(t.Context(), Reset{}); !errors.Is(err, ErrClosed) {
		t.Errorf("after close: %v", err)
	}
}

// startSelf starts this test binary as a driver.
func startSelf(t *testing.T, options Options, env ...string) *Client {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append([]string{envDriver + "=modest", "GORACE=atexit_sleep_ms=0",
		"GOCOVERDIR=" + t.TempDir()}, env...)
	c, err := Start(t.Context(), cmd, options)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestProcessAndLinkedInLoaderAnswerAlike(t *testing.T) {
	var process, linked []Exchange
	converse(t, startSelf(t, Options{Trace: func(x Exchange) { process = append(process, x) }}))
	m := &modest{}
	converse(t, Traced(m, func(x Exchange) { linked = append(linked, x) }))
	if m.closed != 1 {
		t.Errorf("closed %d times", m.closed)
	}
	for _, xs := range [][]Exchange{process, linked} {
		if len(xs) != len(conversation)+1 || xs[len(xs)-1].Op != OpBye {
			t.Fatalf("%d exchanges, the last %s", len(xs), xs[len(xs)-1].Op)
		}
		for i := range xs {
			if xs[i].Duration <= 0 {
				t.Errorf("request %d took %v", i+1, xs[i].Duration)
			}
			xs[i].Duration = 0
		}
	}
	if diff := cmp.Diff(process, linked); diff != "" {
		t.Error(diff)
	}
	if got, want := string(linked[2].Request),
		`{"v":1,"seq":3,"spec":"a.spec","op":"set","session":"s1","target":"map","name":"m","attribute":"max_entries","value":7}`; got != want {
		t.Errorf("request %s", got)
	}
}

func TestDriverOnOtherDescriptors(t *testing.T) {
	converse(t, startSelf(t, Options{}, EnvFDs+"=3,4"))
}

func TestPanicEndsProcessAndLinkedInLoaderAlike(t *testing.T) {
	var traced *Fault
	for name, l := range map[string]Loader{
		"process": startSelf(t, Options{}),
		"linked":  Traced(&modest{}, func(x Exchange) { traced = x.Fault }),
	} {
		_, err := l.Do(t.Context(), Link{Inputs: []string{"a.o"}, Output: "b.o"})
		var fault *Fault
		if !errors.As(err, &fault) || !errors.Is(err, ErrDied) || fault.Stderr == "" ||
			fault.Op != OpLink || fault.Seq != 1 {
			t.Errorf("%s: %+v", name, err)
		}
		if _, again := l.Do(t.Context(), Reset{}); again != err {
			t.Errorf("%s: then %v", name, again)
		}
		if err := l.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if traced == nil {
		t.Error("fault not traced")
	}
}

func TestLinkedInLoaderHangs(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	l := Traced(hanging{release}, nil)
	if _, err := l.Do(ctx, Reset{}); !errors.Is(err, ErrHung) {
		t.Errorf("error %v", err)
	}
}

type hanging struct{ release chan struct{} }

func (h hanging) Do(context.Context, Request) (Reply, error) { <-h.release; return &OK{}, nil }
func (hanging) Close() error                                 { return nil }

func TestStartOfNothing(t *testing.T) {
	_, err := Start(t.Context(), exec.Command("/nonexistent/driver"), Options{})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{EnvFDs + "=7,8"}
	if _, err := Start(t.Context(), cmd, Options{}); err == nil {
		t.Error("started on descriptors that nobody gives")
	}
	cmd = exec.Command(os.Args[0])
	cmd.Stdout = os.Stdout
	if _, err := Start(t.Context(), cmd, Options{}); err == nil {
		t.Error("started on descriptors that are taken")
	}
}

func TestContextEndsDriver(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{envDriver + "=modest"}
	c, err := Start(ctx, cmd, Options{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	<-c.process.gone
	if _, err := c.Do(t.Context(), Reset{}); !errors.Is(err, ErrDied) {
		t.Errorf("error %v", err)
	}
}
