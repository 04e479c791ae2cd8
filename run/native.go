// SPDX-License-Identifier: Apache-2.0

package run

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/oracle/turn"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
	"github.com/loadstone-bpf/loadstone/vmtest/arch"
	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

// NativeName stands for the host's own kernel in a user's words.
const NativeName = "native"

// ErrNotRoot reports, from [Native.Prepare], a user who may not load BPF programs.
var ErrNotRoot = errors.New("specs on the host's own kernel need root")

// Native runs guests on the host's own kernel, each the guest program as a process in mount and
// network namespaces of its own. One guest runs at a time, also beside those of other runs: see
// package turn.
type Native struct {
	Guest  string        // path of the guest program
	Within time.Duration // how long a guest may say nothing, on a host that is not busy
	Log    *slog.Logger  // told of other runs, and where the host is silent; nil discards it

	alone   sync.Mutex // of the guests of this process
	waiting sync.Once  // to say for whom
}

// Name returns [NativeName].
func (*Native) Name() string { return NativeName }

// About returns what uname says.
func (*Native) About() verdict.Kernel {
	about := verdict.Kernel{Name: NativeName, Arch: runtime.GOARCH}
	if a, err := arch.Native(); err == nil {
		about.Arch = a.Debian
	}
	var uts unix.Utsname
	if err := unix.Uname(&uts); err == nil {
		about.Release = unix.ByteSliceToString(uts.Release[:])
		about.Version = unix.ByteSliceToString(uts.Version[:])
	}
	return about
}

// Own returns false: it is the host's.
func (*Native) Own() bool { return false }

// Prepare checks that this is root.
func (*Native) Prepare(context.Context) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("%w: run as root, or name a kernel to run in a virtual machine",
			ErrNotRoot)
	}
	return nil
}

// Run starts the guest program, gives it the order on its stdin and reads records, a line each,
// from its descriptor 3.
func (n *Native) Run(
	ctx context.Context, order record.Order, payload Payload, hear func(verdict.Heard),
) verdict.Ending {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	reader, writer, err := os.Pipe()
	if err != nil {
		return verdict.Ending{Cause: verdict.NotStarted, Detail: err.Error()}
	}
	defer reader.Close()
	defer writer.Close()

	n.alone.Lock()
	defer n.alone.Unlock()
	mine, err := turn.Wait(ctx, func(holder string) {
		n.waiting.Do(func() {
			if n.Log != nil {
				n.Log.Info("specs wait for their turn on this machine's kernel", "taken by", holder)
			}
		})
	})
	if err != nil {
		if ctx.Err() != nil {
			return verdict.Ending{Cause: verdict.Interrupted, Detail: err.Error()}
		}
		return verdict.Ending{Cause: verdict.NotStarted, Detail: err.Error()}
	}
	defer mine.End()

	load := new(loadWatch).now(n.Log)
	order.Limits = limits(order.Limits, 1, load)
	file, release, err := payload.file()
	if err != nil {
		return verdict.Ending{Cause: verdict.NotStarted, Detail: err.Error()}
	}
	defer func() {
		if err := release(); err != nil && n.Log != nil {
			n.Log.Warn("what a guest was brought is not removed", "error", err)
		}
	}()
	order.Loader.Payload, order.Key = file, record.NewKey()
	text, err := order.Text()
	if err != nil {
		return verdict.Ending{Cause: verdict.NotStarted, Detail: err.Error()}
	}
	var output tailBuffer
	cmd := exec.CommandContext(ctx, n.Guest, "run")
	cmd.Stdin = bytes.NewReader(text)
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.ExtraFiles = []*os.File{writer}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Unshareflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL,
	}
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return verdict.Ending{Cause: verdict.NotStarted, Detail: err.Error()}
	}
	writer.Close() // the guest's copy is the last: its death ends the records

	silence := machine.HostMeter(n.Log).Silence(n.Within, guestDeadline(order.Limits),
		func() { cancel(fmt.Errorf("%w for %v", errSilent, n.Within)) })
	defer silence.Stop()
	hearAll(reader, record.NewSeal(order.Key), func(h verdict.Heard) {
		silence.Reset()
		if f, ok := h.Record.(record.Finish); ok && f.Overran != "" {
			h.Load = loadOf(silence.Load(), load)
		}
		hear(h)
	})
	err = cmd.Wait()
	end := nativeEnding(context.Cause(ctx), err, output.String())
	end.Load = loadOf(silence.Load(), load)
	return end
}

var errSilent = errors.New("no record")

func nativeEnding(stopped, exit error, output string) verdict.Ending {
	switch {
	case errors.Is(stopped, errSilent):
		return verdict.Ending{Cause: verdict.GuestHung, Detail: stopped.Error(), Console: output}
	case stopped != nil:
		return verdict.Ending{Cause: verdict.Interrupted, Detail: stopped.Error(), Console: output}
	case exit != nil:
		return verdict.Ending{
			Cause: verdict.Died, Detail: "guest program: " + exit.Error(), Console: output,
		}
	}
	return verdict.Ending{Cause: verdict.PoweredOff, Console: output}
}

// hearAll hands on each line of r as a record, or as what is wrong with it.
func hearAll(r io.Reader, seal *record.Seal, hear func(verdict.Heard)) {
	lines := bufio.NewReaderSize(r, 64<<10)
	for {
		line, err := readLine(lines)
		switch {
		case errors.Is(err, errLongLine):
			hear(verdict.Heard{Fault: fmt.Sprintf("a record of more than %d bytes", record.MaxLen)})
			continue
		case err != nil && len(line) > 0:
			hear(verdict.Heard{Fault: "half a record: " + excerpt(line)})
			return
		case err != nil:
			return
		}
		hear(parseLine(line, seal))
	}
}

var errLongLine = errors.New("line too long")

// readLine reads a line without its newline; of one that is too long nothing is kept.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := r.ReadSlice('\n')
		if !long {
			line = append(line, part...)
		}
		if len(line) > record.MaxLen+record.SealLen+1 {
			line, long = nil, true
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return line, err
		case long:
			return nil, errLongLine
		}
		return line[:len(line)-1], nil
	}
}

// parseLine returns one line from a guest as a record, or what is wrong with it: first of all, that
// its seal is not the guest program's.
func parseLine(sealed []byte, seal *record.Seal) verdict.Heard {
	line, err := seal.Open(sealed)
	if err != nil {
		return verdict.Heard{Fault: err.Error() + ": " + excerpt(sealed)}
	}
	r, err := record.Parse(line)
	if err != nil {
		return verdict.Heard{Fault: err.Error() + ": " + excerpt(line)}
	}
	return verdict.Heard{Record: r}
}

// excerpt returns the start of a line that is no record, fit to print.
func excerpt(line []byte) string {
	const most = 64
	if len(line) > most {
		return fmt.Sprintf("%q…", line[:most])
	}
	return fmt.Sprintf("%q", line)
}

// tailBuffer keeps the last of what a process prints.
type tailBuffer struct{ text []byte }

func (b *tailBuffer) Write(p []byte) (int, error) {
	const most = 64 << 10
	b.text = append(b.text, p...)
	if len(b.text) > 2*most {
		b.text = append([]byte(nil), b.text[len(b.text)-most:]...)
	}
	return len(p), nil
}

func (b *tailBuffer) String() string { return strings.ToValidUTF8(string(b.text), "\uFFFD") }
