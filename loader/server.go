// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// Main runs a driver written in Go: it serves l where the suite listens, and ends the process.
//
//	func main() { loader.Main(cilium.New()) }
//
// What the loader's libraries print on stdout goes to stderr.
func Main(l Loader) {
	r, w := os.Stdin, os.Stdout
	if os.Getenv(EnvFDs) != "" {
		r, w = os.NewFile(3, "requests"), os.NewFile(4, "replies")
	}
	os.Stdout = os.Stderr
	if err := Serve(context.Background(), r, w, l); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Serve reads requests from r, a line each, has l carry them out, and writes the replies to w. It
// returns nil after a [Bye] or at the end of the requests, and closes l in any case. Errors wrap
// [ErrGarbage], [ErrSchema] or [ErrTooLong] for requests that cannot be answered because they
// cannot be read.
//
// An operation that this version does not know is answered with [Unsupported], an error of l with
// [Error]. A panic in l is left alone: it ends the process, as it would end any program that uses
// the loader.
func Serve(ctx context.Context, r io.Reader, w io.Writer, l Loader) (err error) {
	defer func() { err = errors.Join(err, l.Close()) }()
	lines := bufio.NewReaderSize(r, MaxLine+1)
	for {
		line, err := lines.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("read request: %w", ErrTooLong)
		case errors.Is(err, io.EOF) && len(line) == 0:
			return nil
		case err != nil && !errors.Is(err, io.EOF):
			return fmt.Errorf("read request: %w", err)
		}
		op, reply, err := serveOne(ctx, line, l)
		if err != nil {
			return fmt.Errorf("read request: %w", err)
		}
		if _, err := w.Write(append(reply, '\n')); err != nil {
			return fmt.Errorf("write reply: %w", err)
		}
		if op == OpBye {
			return nil
		}
	}
}

// serveOne returns the answer to one line. The error is for a line without a number, which cannot
// be answered.
func serveOne(ctx context.Context, line []byte, l Loader) (Op, []byte, error) {
	e, req, err := decodeRequest(line)
	var reply Reply
	switch {
	case errors.Is(err, errUnknownOp):
		reply = &Unsupported{Feature: Feature(e.Op), Reason: "unknown operation"}
	case err != nil && e.Seq < 1:
		return "", nil, err
	case e.V != Version:
		reply = &Unsupported{Feature: ProtocolFeature,
			Reason: fmt.Sprintf("version %d, want %d", e.V, Version)}
	case err != nil:
		reply = &Error{Message: err.Error()}
	default:
		reply = perform(ctx, req, l)
	}
	text, err := encodeReply(e.Seq, reply)
	if err != nil {
		text, err = encodeReply(e.Seq, &Error{Message: err.Error()})
	}
	return e.Op, text, err
}

// perform has the loader carry out one request. The version is not the loader's business.
func perform(ctx context.Context, req Request, l Loader) Reply {
	hello, isHello := req.(Hello)
	if isHello && !slices.Contains(hello.Protocols, Version) {
		return &Unsupported{Feature: ProtocolFeature,
			Reason: fmt.Sprintf("versions %v, want %d", hello.Protocols, Version)}
	}
	reply, err := l.Do(ctx, req)
	if err != nil {
		return &Error{Message: err.Error()}
	}
	if ok, isOK := reply.(*OK); isHello && isOK && ok.Protocol == 0 {
		chosen := *ok
		chosen.Protocol = Version
		return &chosen
	}
	return reply
}
