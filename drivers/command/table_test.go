// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loader"
)

// envScript makes the test binary a driver, of a command that is the shell script of that path.
const envScript = "LOADSTONE_TEST_SCRIPT"

func TestMain(m *testing.M) {
	if script := os.Getenv(envScript); script != "" {
		loader.Main(New(scripted(script)))
	}
	os.Exit(m.Run())
}

// scripted runs a shell script with an object.
type scripted string

func (s scripted) table() Table {
	return Table{
		Argv: map[loader.Op][]string{loader.OpLoad: {string(s), "load", "{object}", "{none}",
			"end"}},
		Refuses: map[int]loader.Class{1: loader.Unclassified, 2: loader.Invalid},
	}
}

func (s scripted) Hello(context.Context, loader.Hello) (*loader.OK, error) {
	return &loader.OK{Loader: &loader.Identity{Name: "scripted", Version: "1"}}, nil
}

func (s scripted) Open(open loader.Open) (Session, *loader.Unsupported) {
	return scriptedSession{s, open.Object}, nil
}

type scriptedSession struct {
	scripted
	object string
}

func (s scriptedSession) Do(ctx context.Context, req loader.Request) (loader.Reply, error) {
	reply, err := s.table().Run(ctx, req.Op(), Values{"object": {s.object}, "none": nil},
		Environment{})
	if reply == nil && err == nil {
		return &loader.OK{}, nil
	}
	return reply, err
}

func (s scriptedSession) Close(context.Context) error { return nil }

// script writes a command.
func script(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "command")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestArgvOfAnOperation(t *testing.T) {
	table := scripted("/bin/c").table()
	got, err := table.Command(loader.OpLoad, Values{"object": {"a", "b"}, "none": nil})
	if diff := cmp.Diff([]string{"/bin/c", "load", "a", "b", "end"}, got); diff != "" ||
		err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	if got, err := table.Command(loader.OpPin, nil); got != nil || err != nil {
		t.Errorf("an operation that it does not have: %v, %v", got, err)
	}
	if _, err := table.Command(loader.OpLoad, Values{"none": nil}); !errors.Is(err, errNoValue) {
		t.Errorf("without a value: %v", err)
	}
}

func TestExitStatusIsAClass(t *testing.T) {
	for status, want := range map[string]loader.Reply{
		"0": nil,
		"1": &loader.Rejected{Stage: loader.AtCommand, Class: loader.Unclassified, Message: "out\nerr"},
		"2": &loader.Rejected{Stage: loader.AtCommand, Class: loader.Invalid, Message: "out\nerr"},
	} {
		table := scripted(script(t, "echo out; echo err >&2; exit "+status)).table()
		got, err := table.Run(t.Context(), loader.OpLoad, Values{"object": {"a"}, "none": nil},
			Environment{})
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", status, err, diff)
		}
	}
}

// A command that refuses to tell something is not one that cannot be asked.
func TestAnswerOfACommandOrItsRefusal(t *testing.T) {
	for status, want := range map[string]struct {
		output string
		reply  loader.Reply
	}{
		"0": {output: "out"},
		"2": {reply: &loader.Rejected{Stage: loader.AtCommand, Class: loader.Invalid, Message: "out"}},
	} {
		table := scripted(script(t, "echo out; exit "+status)).table()
		output, reply, err := table.Ask(t.Context(), loader.OpLoad, Values{"object": {"a"}, "none": nil},
			Environment{})
		if diff := cmp.Diff(want.reply, reply); diff != "" || err != nil || output != want.output {
			t.Errorf("%s: %q, %v\n%s", status, output, err, diff)
		}
	}
}

func TestOperationThatTheCommandDoesNotHave(t *testing.T) {
	got, err := scripted("/bin/c").table().Run(t.Context(), loader.OpPin, nil, Environment{})
	if _, ok := got.(*loader.Unsupported); !ok || err != nil {
		t.Errorf("%v, %v", got, err)
	}
}

func TestExitStatusThatIsNotKnownBreaksTheDriver(t *testing.T) {
	table := scripted(script(t, "exit 42")).table()
	if got, err := table.Run(t.Context(), loader.OpLoad, Values{"object": nil, "none": nil},
		Environment{}); !errors.Is(err, errStatus) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestCommandThatIsNotThereBreaksTheDriver(t *testing.T) {
	table := scripted(filepath.Join(t.TempDir(), "missing")).table()
	if got, err := table.Run(t.Context(), loader.OpLoad, Values{"object": nil, "none": nil},
		Environment{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestCommandThatPrintsGarbage(t *testing.T) {
	table := scripted(script(t,
		"head -c 3000000 /dev/urandom; printf '\\000\\033[31m\\377'; echo the last word; exit 1")).table()
	got, err := table.Run(t.Context(), loader.OpLoad, Values{"object": nil, "none": nil},
		Environment{})
	refused, ok := got.(*loader.Rejected)
	if !ok || err != nil {
		t.Fatalf("%v, %v", got, err)
	}
	message := refused.Message
	if !utf8.ValidString(message) || len(message) > 64<<10 ||
		!strings.HasSuffix(message, "the last word") || strings.ContainsAny(message, "\x00\x1b") {
		t.Errorf("%d bytes, which end in %q", len(message), message[max(0, len(message)-40):])
	}
}

func TestCommandSeesNothingOfTheDriversEnvironment(t *testing.T) {
	t.Setenv("LOADSTONE_TEST_LEAK", "1")
	output, err := Output(t.Context(), []string{"/usr/bin/env"}, Environment{})
	if output != "" || err != nil {
		t.Errorf("%q, %v", output, err)
	}
}

// converse starts the test binary as a driver, and has it load something.
func converse(t *testing.T, command string, options loader.Options) (loader.Reply, error) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{envScript + "=" + command, "PATH=" + os.Getenv("PATH")}
	l, err := loader.Start(t.Context(), cmd, options)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // what it says of the driver's end is what Do has said
	for _, req := range []loader.Request{loader.Hello{Protocols: []int{loader.Version}},
		loader.Open{Session: "s", Object: "o"}} {
		if _, err := l.Do(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
	return l.Do(t.Context(), loader.Load{Session: "s"})
}

func TestCommandThatIsKilledTakesTheDriverDown(t *testing.T) {
	for name, signal := range map[string]syscall.Signal{"SEGV": syscall.SIGSEGV,
		"ABRT": syscall.SIGABRT, "KILL": syscall.SIGKILL, "TERM": syscall.SIGTERM} {
		reply, err := converse(t, script(t, "ulimit -c 0; kill -"+name+" $$"),
			loader.Options{Deadline: time.Minute})
		if !errors.Is(err, loader.ErrDied) || !strings.Contains(err.Error(), signal.String()) {
			t.Errorf("%s: %v, %v", name, reply, err)
		}
	}
}

func TestCommandThatHangs(t *testing.T) {
	options := loader.Options{Deadline: time.Minute,
		Deadlines: map[loader.Op]time.Duration{loader.OpLoad: time.Second},
		Grace:     10 * time.Millisecond}
	reply, err := converse(t, script(t, "exec tail -f /dev/null"), options)
	if !errors.Is(err, loader.ErrHung) {
		t.Errorf("%v, %v", reply, err)
	}
}

func TestPinIsRemovedAsAFile(t *testing.T) {
	name := script(t, "")
	if reply := Unpin(name); kind(reply) != "ok" {
		t.Errorf("%+v", reply)
	}
	want := &loader.Rejected{Stage: loader.AtCommand, Class: loader.NotFound,
		Errno: int(syscall.ENOENT), Message: "remove " + name + ": no such file or directory"}
	if diff := cmp.Diff(loader.Reply(want), Unpin(name)); diff != "" {
		t.Error(diff)
	}
}

func TestConversation(t *testing.T) {
	l := New(scripted(script(t, "exit 1")))
	ask := func(req loader.Request) loader.Reply {
		reply, err := l.Do(t.Context(), req)
		if err != nil {
			return &loader.Error{Message: err.Error()}
		}
		return reply
	}
	for _, tt := range []struct {
		req  loader.Request
		want string
	}{
		{loader.Load{Session: "s"}, "error"}, // nothing is open
		{loader.Close{Session: "s"}, "error"},
		{loader.Open{Session: "s", Object: "/nonexistent"}, "ok"},
		{loader.Open{Session: "s", Object: "/nonexistent"}, "error"}, // it is open
		{loader.Load{Session: "s"}, "rejected"},
		{loader.Link{}, "unsupported"},
		{loader.Create{}, "unsupported"},
		{loader.Query{Session: "s"}, "unsupported"},
		{loader.Close{Session: "s"}, "ok"},
		{loader.Set{Session: "s"}, "error"},
		{loader.Open{Session: "s", Object: "/nonexistent"}, "ok"},
		{loader.Reset{}, "ok"},
		{loader.Pin{Session: "s"}, "error"}, // reset has closed it
		{loader.Bye{}, "ok"},
	} {
		if got := kind(ask(tt.req)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.req.Op(), got, tt.want)
		}
	}
}

func kind(reply loader.Reply) string {
	switch reply.(type) {
	case *loader.OK:
		return "ok"
	case *loader.Unsupported:
		return "unsupported"
	case *loader.Rejected:
		return "rejected"
	}
	return "error"
}
