// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/loadstone-bpf/loadstone/loader"
)

// The variables that choose a fault.
const (
	EnvFault = "LOADSTONE_FAULT"
	EnvAt    = "LOADSTONE_FAULT_AT"
	EnvSpec  = "LOADSTONE_FAULT_SPEC"
	EnvName  = "LOADSTONE_FAULT_NAME"
	EnvFor   = "LOADSTONE_FAULT_FOR"
)

// Main runs the driver: it serves l on stdin and stdout with the fault that the environment names,
// and ends the process.
func Main(l loader.Loader) {
	if err := serve(l); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func serve(l loader.Loader) error {
	if os.Getenv(EnvFault) == child {
		forever()
	}
	fault, ok := Named(os.Getenv(EnvFault))
	if !ok {
		return fmt.Errorf("%s: no fault %q", EnvFault, os.Getenv(EnvFault))
	}
	if at := os.Getenv(EnvAt); at != "" {
		fault.At = loader.Op(at)
	}
	return newProxy(l).run(fault, os.Getenv(EnvSpec))
}

// A proxy stands between the suite and a loader that behaves.
type proxy struct {
	suite    *bufio.Reader // requests
	out      *os.File      // replies
	toLoader io.Writer
	ofLoader *bufio.Reader

	last []byte // the reply before this one
}

func newProxy(l loader.Loader) *proxy {
	requests, toLoader := io.Pipe()
	ofLoader, replies := io.Pipe()
	go func() {
		// The suite's side sees the end of the replies, with the reason.
		replies.CloseWithError(loader.Serve(context.Background(), requests, replies, l))
	}()
	return &proxy{
		suite: bufio.NewReaderSize(os.Stdin, loader.MaxLine+1), out: os.Stdout,
		toLoader: toLoader, ofLoader: bufio.NewReaderSize(ofLoader, loader.MaxLine+1),
	}
}

// A turn holds one request, for a fault to spoil.
type turn struct {
	*proxy
	request []byte
	Seq     int       `json:"seq"`
	Op      loader.Op `json:"op"`
	Spec    string    `json:"spec"`
}

func (p *proxy) run(fault Fault, spec string) error {
	for struck := false; ; {
		line, err := p.suite.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read request: %w", err)
		}
		t := turn{proxy: p, request: line}
		if err := json.Unmarshal(line, &t); err != nil {
			return fmt.Errorf("read request: %w", err)
		}
		// A fault with nothing to spoil yet waits for the next request.
		if !struck && t.Op == fault.At && (spec == "" || t.Spec == spec) {
			struck = true
			err = fault.strike(t)
		} else {
			err = t.answer()
		}
		if err != nil || t.Op == loader.OpBye {
			return err
		}
	}
}

// reply returns what the loader answers.
func (t turn) reply() ([]byte, error) {
	if _, err := t.toLoader.Write(t.request); err != nil {
		return nil, fmt.Errorf("ask the loader: %w", err)
	}
	line, err := t.ofLoader.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("hear the loader: %w", err)
	}
	return line, nil
}

// answer answers as the loader does.
func (t turn) answer() error {
	line, err := t.reply()
	if err != nil {
		return err
	}
	if name := os.Getenv(EnvName); name != "" && t.Op == loader.OpHello {
		line = bytes.Replace(line, []byte(`"name":"cilium"`), fmt.Appendf(nil, `"name":%q`, name), 1)
	}
	t.last = line
	return t.write(line)
}

func (t turn) write(text []byte) error {
	_, err := t.out.Write(text)
	return err
}
