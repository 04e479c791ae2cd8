// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loader"
)

// A Fault breaks the protocol in one way.
type Fault struct {
	Name string
	What string    // the driver does, in words
	At   loader.Op // the operation at which it strikes

	// Kind names it as the client does; nil for what the client cannot see: the suite asks the
	// kernel.
	Kind error

	strike func(turn) error
}

// All lists every fault.
var All = []Fault{
	{"none", "keeps to the protocol", loader.OpLoad, nil, turn.answer},
	{"hang", "never answers", loader.OpLoad, loader.ErrHung, hang},
	{"hang-busy", "computes, and never answers", loader.OpLoad, loader.ErrHung, hangBusy},
	{"hang-stubborn", "never answers, and ignores SIGABRT and SIGTERM", loader.OpLoad, loader.ErrHung, hangStubborn},
	{"hang-half-line", "writes half a reply and no more", loader.OpLoad, loader.ErrHung, hangHalfLine},
	{"no-flush", "keeps its reply in a buffer until its input ends", loader.OpLoad, loader.ErrHung, noFlush},
	{"hang-after-bye", "answers bye and stays", loader.OpBye, loader.ErrHung, hangAfterBye},
	{"die", "is killed by a signal", loader.OpLoad, loader.ErrDied, die},
	{"exit", "exits with status 0 and no reply", loader.OpLoad, loader.ErrDied, exit},
	{"exit-half-line", "exits in the middle of a reply", loader.OpLoad, loader.ErrDied, exitHalfLine},
	{"exit-orphan", "exits, and leaves a child that holds its descriptors open", loader.OpLoad, loader.ErrDied, exitOrphan},
	{"exit-3-after-bye", "answers bye and exits with status 3", loader.OpBye, loader.ErrDied, exit3AfterBye},
	{"mute", "closes its output and goes on", loader.OpLoad, loader.ErrDied, mute},
	{"orphan", "leaves a child that holds its descriptors open, and keeps to the protocol otherwise", loader.OpLoad, nil, orphan},
	{"garbage", "answers with bytes that are no text", loader.OpLoad, loader.ErrGarbage, garbage},
	{"text", "prints a message on stdout before its reply", loader.OpLoad, loader.ErrGarbage, text},
	{"text-after", "prints a message on stdout after its reply", loader.OpLoad, loader.ErrGarbage, textAfter},
	{"out-of-order", "answers a request that was not made", loader.OpLoad, loader.ErrOutOfOrder, outOfOrder},
	{"twice", "answers the same request twice at once", loader.OpLoad, loader.ErrTwice, twice},
	{"twice-late", "answers the last request again instead of this one", loader.OpLoad, loader.ErrTwice, twiceLate},
	{"long-line", "answers with a line of 2 MiB", loader.OpLoad, loader.ErrTooLong, longLine},
	{"schema", "answers with maps that are no list", loader.OpLoad, loader.ErrSchema, schema},
	{"version", "chooses a version of the protocol that was not offered", loader.OpHello, loader.ErrVersion, version},
	{"refuse-hello", "speaks no version that was offered", loader.OpHello, loader.ErrVersion, refuseHello},
	{"false-ids", "claims ids that do not exist", loader.OpLoad, nil, falseIDs},
	{"leak", "says rejected, and leaves a map in the kernel", loader.OpLoad, nil, leak},
	{"chatty", "writes 4 MiB on stderr, and keeps to the protocol", loader.OpLoad, nil, chatty},
}

// Slow has the kernel work for a driver as long as [EnvFor] says, as one does that verifies a long
// program, and keeps to the protocol.
var Slow = Fault{"slow", "has the kernel work for long", loader.OpLoad, nil, slow}

// Attaching lists faults in attaching programs, which only the kernel can tell.
var Attaching = []Fault{
	{"attach-nothing", "says that it attached a program, and does nothing", loader.OpAttach, nil, attachNothing},
	{"detach-nothing", "says that it detached a program, and does nothing", loader.OpDetach, nil, detachNothing},
}

// Named returns the fault of that name.
func Named(name string) (Fault, bool) {
	for _, f := range slices.Concat(All, Hostile, Attaching, []Fault{Loud, Slow}) {
		if f.Name == name {
			return f, true
		}
	}
	return Fault{}, false
}

// forever waits to be killed. Sleeping is no deadlock in the eyes of Go's runtime.
func forever() {
	for {
		time.Sleep(time.Hour)
	}
}

func hang(turn) error {
	forever()
	return nil
}

func hangBusy(turn) error {
	for n := uint64(1); n != 0; n += 2 { // odd for ever
	}
	return nil
}

func hangStubborn(t turn) error {
	signal.Ignore(unix.SIGABRT, unix.SIGTERM)
	return hang(t)
}

func hangHalfLine(t turn) error {
	if err := t.half(); err != nil {
		return err
	}
	return hang(t)
}

func noFlush(t turn) error {
	line, err := t.reply()
	if err != nil {
		return err
	}
	if more, err := t.suite.ReadBytes('\n'); err != io.EOF {
		return fmt.Errorf("wait for the end of the requests: %q, %v", more, err)
	}
	_, err = t.out.Write(line)
	return err
}

func hangAfterBye(t turn) error {
	if err := t.answer(); err != nil {
		return err
	}
	return hang(t)
}

func die(t turn) error {
	if err := unix.Kill(os.Getpid(), unix.SIGKILL); err != nil {
		return err
	}
	return hang(t) // until the signal is here
}

func exit(turn) error {
	os.Exit(0)
	return nil
}

func exitHalfLine(t turn) error {
	if err := t.half(); err != nil {
		return err
	}
	return exit(t)
}

func exitOrphan(t turn) error {
	if err := spawn(); err != nil {
		return err
	}
	return exit(t)
}

func exit3AfterBye(t turn) error {
	if err := t.answer(); err != nil {
		return err
	}
	os.Exit(3)
	return nil
}

func mute(t turn) error {
	if err := t.out.Close(); err != nil {
		return err
	}
	return hang(t)
}

func orphan(t turn) error {
	if err := spawn(); err != nil {
		return err
	}
	return t.answer()
}

// child names the fault of the process that [spawn] starts: it does nothing but hold what it
// inherited.
const child = "child"

func spawn() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), EnvFault+"="+child)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Start()
}

func garbage(t turn) error { return t.write([]byte("\x7fELF\x02\x01\x01\x00\xff\xfe\n")) }

func text(t turn) error {
	if err := t.write([]byte("libexample: loading section 'xdp'\n")); err != nil {
		return err
	}
	return t.answer()
}

func textAfter(t turn) error {
	line, err := t.reply()
	if err != nil {
		return err
	}
	return t.write(append(line, "libexample: loaded 1 program\n"...))
}

func outOfOrder(t turn) error {
	return t.write(fmt.Appendf(nil, `{"seq":%d,"ok":{}}`+"\n", t.Seq+1000))
}

func twice(t turn) error {
	line, err := t.reply()
	if err != nil {
		return err
	}
	return t.write(bytes.Repeat(line, 2))
}

func twiceLate(t turn) error { return t.write(t.last) }

func longLine(t turn) error {
	return t.write(fmt.Appendf(nil, `{"seq":%d,"error":{"message":"%s"}}`+"\n", t.Seq,
		bytes.Repeat([]byte("x"), 2<<20)))
}

func schema(t turn) error {
	return t.write(fmt.Appendf(nil, `{"seq":%d,"ok":{"maps":{"m":7}}}`+"\n", t.Seq))
}

func version(t turn) error {
	return t.write(fmt.Appendf(nil,
		`{"seq":%d,"ok":{"protocol":99,"loader":{"name":"faults","version":"1.0"}}}`+"\n", t.Seq))
}

func refuseHello(t turn) error {
	return t.write(fmt.Appendf(nil,
		`{"seq":%d,"unsupported":{"feature":"protocol","reason":"version 99 only"}}`+"\n", t.Seq))
}

// falseIDs lies far beyond what a kernel that was just booted has given out.
func falseIDs(t turn) error {
	return t.write(fmt.Appendf(nil,
		`{"seq":%d,"ok":{"maps":[{"name":"m","id":4000000000}],"programs":[{"name":"p","id":4000000001}]}}`+"\n", t.Seq))
}

func leak(t turn) error {
	m, err := ebpf.NewMap(&ebpf.MapSpec{Name: "leaked", Type: ebpf.Array, KeySize: 4, ValueSize: 4,
		MaxEntries: 1})
	if err != nil {
		return fmt.Errorf("leak a map: %w", err)
	}
	if _, err := unix.Dup(m.FD()); err != nil { // a descriptor that is never closed
		return fmt.Errorf("leak a map: %w", err)
	}
	return t.write(fmt.Appendf(nil,
		`{"seq":%d,"rejected":{"stage":"load","class":"invalid","errno":22}}`+"\n", t.Seq))
}

func slow(t turn) error {
	took, err := time.ParseDuration(os.Getenv(EnvFor))
	if err != nil {
		return fmt.Errorf("%s: %w", EnvFor, err)
	}
	for spent := time.Duration(0); spent < took; { // by the kernel, on a core
		// The kernel clears the pages. Reading zeros is the same work, but Go's race detector goes
		// through what was read, in user space, and is slower at it.
		pages, err := unix.Mmap(-1, 0, 16<<20, unix.PROT_READ|unix.PROT_WRITE,
			unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_POPULATE)
		if err != nil {
			return fmt.Errorf("have the kernel work: %w", err)
		}
		if err := unix.Munmap(pages); err != nil {
			return err
		}
		var used unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
			return err
		}
		spent = time.Duration(used.Stime.Nano())
	}
	return t.answer()
}

func attachNothing(t turn) error {
	return t.write(fmt.Appendf(nil, `{"seq":%d,"ok":{"handle":"7"}}`+"\n", t.Seq))
}

func detachNothing(t turn) error { return t.write(fmt.Appendf(nil, `{"seq":%d,"ok":{}}`+"\n", t.Seq)) }

func chatty(t turn) error {
	line := append(bytes.Repeat([]byte("chat "), 1023), "end.\n"...)
	for range 4 << 20 / len(line) {
		if _, err := os.Stderr.Write(line); err != nil {
			return err
		}
	}
	return t.answer()
}

// half writes the first half of the reply.
func (t turn) half() error {
	line, err := t.reply()
	if err != nil {
		return err
	}
	return t.write(line[:len(line)/2])
}
