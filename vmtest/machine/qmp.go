// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// ErrMonitor marks errors that QEMU's monitor answered with.
var ErrMonitor = errors.New("qemu monitor")

// errMonitorGone reports a command whose answer never came.
var errMonitorGone = fmt.Errorf("%w: gone", ErrMonitor)

// event describes what the monitor tells unasked (docs/interop/qmp-spec.txt).
type event struct {
	Event string `json:"event"`
	Data  struct {
		Status string `json:"status"` // of MIGRATION
		Reason string `json:"reason"` // of SHUTDOWN
	} `json:"data"`
}

// message describes any line of the monitor's.
type message struct {
	event
	Greeting json.RawMessage `json:"QMP"`
	ID       string          `json:"id"`
	Return   json.RawMessage `json:"return"`
	Error    *struct {
		Class string `json:"class"`
		Desc  string `json:"desc"`
	} `json:"error"`
}

// monitor speaks QMP. It is safe for concurrent use.
type monitor struct {
	conn    *net.UnixConn
	onEvent func(event)
	gone    chan struct{} // closed when nothing can come any more

	mu      sync.Mutex
	nextID  int
	waiting map[string]chan message
}

// newMonitor returns a monitor that listens. onEvent is called for each event,
// one after the other, and must not call the monitor.
func newMonitor(conn *net.UnixConn, onEvent func(event)) *monitor {
	m := &monitor{
		conn: conn, onEvent: onEvent, gone: make(chan struct{}),
		waiting: make(map[string]chan message),
	}
	go m.read()
	return m
}

// begin begins the conversation. The greeting need not be awaited: what is
// written before it is read after it.
func (m *monitor) begin(ctx context.Context) error {
	return m.call(ctx, "qmp_capabilities", nil, nil)
}

// read hands out what the monitor says, until it hangs up.
func (m *monitor) read() {
	defer close(m.gone)
	decoder := json.NewDecoder(bufio.NewReader(m.conn))
	for {
		var msg message
		if err := decoder.Decode(&msg); err != nil {
			return
		}
		switch {
		case msg.Event != "":
			m.onEvent(msg.event)
		case msg.ID != "":
			m.mu.Lock()
			answer := m.waiting[msg.ID]
			delete(m.waiting, msg.ID)
			m.mu.Unlock()
			if answer != nil {
				answer <- msg
			}
		}
	}
}

// call runs a command and stores what it returns in result, unless nil.
func (m *monitor) call(ctx context.Context, command string, arguments, result any) error {
	return m.callWithFile(ctx, nil, command, arguments, result)
}

// callWithFile works like call for a command that takes a file along (getfd).
func (m *monitor) callWithFile(
	ctx context.Context, file *os.File, command string, arguments, result any,
) error {
	request := map[string]any{"execute": command}
	if arguments != nil {
		request["arguments"] = arguments
	}
	answer, err := m.send(file, request)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrMonitor, command, err)
	}
	var msg message
	select {
	case msg = <-answer:
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", command, context.Cause(ctx))
	case <-m.gone:
		// The answer may have come together with the end.
		select {
		case msg = <-answer:
		default:
			return fmt.Errorf("%s: %w", command, errMonitorGone)
		}
	}
	if msg.Error != nil {
		return fmt.Errorf("%w: %s: %s", ErrMonitor, command, msg.Error.Desc)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(msg.Return, result)
}

// send writes request under a new id and returns where its answer will come.
func (m *monitor) send(file *os.File, request map[string]any) (<-chan message, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.nextID++
	id := strconv.Itoa(m.nextID)
	request["id"] = id
	line, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	answer := make(chan message, 1)
	m.waiting[id] = answer
	var rights []byte
	if file != nil {
		rights = unix.UnixRights(int(file.Fd()))
	}
	_, _, err = m.conn.WriteMsgUnix(append(line, '\n'), rights, nil)
	return answer, err
}
