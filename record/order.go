// SPDX-License-Identifier: Apache-2.0

package record

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Order holds what the host asks of one guest; a guest gets nothing else.
type Order struct {
	Run    string   // the run's id, for reports
	Kernel string   // as the host names it: a series, a path, or "native"
	Specs  []string // ids, in the order in which to run them
	Loader Loader   // the loader to run them with
	Limits Limits   //

	// Watch has the guest look after each spec whether it is as it was before the first: a [State]
	// follows each [Finish], and a spec after which the guest is not as it was is its last.
	Watch bool

	// Brought says that the payload ends in an archive of the objects that specs of [ObjectSpec]
	// are about.
	Brought bool

	// Key seals the records; an empty one does not.
	Key Key

	// Files has the guest send each file that the suite writes for the loader, as [File] records.
	Files bool

	// Shell has the guest run a shell where a spec does not pass, before anything is given up: the
	// text of a shell's order, as package wire has it. "" for none.
	Shell string
}

// Loader says which loader to drive, and how it is started.
type Loader struct {
	Name    string   // as the host names it, with its version: "libbpf@1.1"
	Builtin string   // name of a loader that is linked into the guest
	Command []string // else: argv of its driver, in the bundle's root
	Env     []string //
	Bundle  bool     // the driver's root comes as the machine's payload
	Payload string   // natively: the file that is the payload
}

// Limits holds deadlines, by the guest's clock; one that is not above zero is none. A guest cannot
// see how busy its host is, so the host sends longer ones then. The host has its own beside them.
type Limits struct {
	Request time.Duration // one request to a loader; see [Limits.Patience]
	Spec    time.Duration // one spec
}

// DefaultLimits bound one request and one spec where no other limits are given, on a kernel that
// runs at full speed as on one that is emulated: a clone under TCG runs cold code at a few percent
// of it.
var DefaultLimits = Limits{Request: 20 * time.Second, Spec: 60 * time.Second}

// Times returns limits that are longer by a factor.
func (l Limits) Times(factor float64) Limits {
	return Limits{
		Request: time.Duration(float64(l.Request) * factor),
		Spec:    time.Duration(float64(l.Spec) * factor),
	}
}

// patience is how many times as long as its limit a request may take at the most.
const patience = 3

// Patience returns how long one request may take where what takes so long is the kernel's work for
// the loader: as long as a spec, and no longer than a host waits for a guest that says nothing.
func (l Limits) Patience() time.Duration {
	most := patience * l.Request
	if l.Spec > 0 {
		most = min(most, l.Spec)
	}
	return max(most, l.Request)
}

// Scale returns how many times as long as by default whatever else a guest waits for may take: the
// smaller of what both limits come to, and at least 1.
func (l Limits) Scale() float64 {
	return max(1, min(float64(l.Request)/float64(DefaultLimits.Request),
		float64(l.Spec)/float64(DefaultLimits.Spec)))
}

// ErrOrder marks errors about the text of an order.
var ErrOrder = errors.New("bad order")

// An order's text is one line: fields with a unit separator between, lists with a record separator
// between their elements. It is not JSON, because the first thing that a clone does is to read it,
// in code that has to be translated anew each time: JSON took 22 ms under TCG, this takes one.
const (
	orderVersion   = "6"
	orderFields    = 17
	fieldSeparator = "\x1f"
	listSeparator  = "\x1e"
)

// Text returns the order as one line. It returns an error wrapping [ErrOrder] where a string holds
// what separates fields or lines.
func (o Order) Text() ([]byte, error) {
	fields := []string{
		orderVersion, o.Run, o.Kernel,
		strconv.FormatInt(int64(o.Limits.Request), 10), strconv.FormatInt(int64(o.Limits.Spec), 10),
		o.Loader.Name, o.Loader.Builtin, o.Loader.Payload, flag(o.Loader.Bundle),
		strings.Join(o.Specs, listSeparator), strings.Join(o.Loader.Command, listSeparator),
		strings.Join(o.Loader.Env, listSeparator), flag(o.Watch), string(o.Key), flag(o.Brought),
		flag(o.Files), o.Shell,
	}
	text := strings.Join(fields, fieldSeparator)
	lists := len(o.Specs) + len(o.Loader.Command) + len(o.Loader.Env)
	for _, list := range [][]string{o.Specs, o.Loader.Command, o.Loader.Env} {
		lists -= min(len(list), 1) // one element has no separator
		if len(list) == 1 && list[0] == "" {
			return nil, fmt.Errorf("%w: a list of one empty string", ErrOrder)
		}
	}
	if strings.Count(text, fieldSeparator) != orderFields-1 ||
		strings.Count(text, listSeparator) != lists || strings.ContainsAny(text, "\n\x00") {
		return nil, fmt.Errorf("%w: a separator or a line's end in %q", ErrOrder, text)
	}
	return []byte(text), nil
}

// ParseOrder reads the text of an order. Errors wrap [ErrOrder].
func ParseOrder(text []byte) (Order, error) {
	f := strings.Split(string(text), fieldSeparator)
	if f[0] != orderVersion || len(f) != orderFields {
		return Order{}, fmt.Errorf("%w: version %q with %d fields, want %s with %d", ErrOrder, f[0],
			len(f), orderVersion, orderFields)
	}
	request, err := strconv.ParseInt(f[3], 10, 64)
	if err != nil {
		return Order{}, fmt.Errorf("%w: limit of a request: %w", ErrOrder, err)
	}
	spec, err := strconv.ParseInt(f[4], 10, 64)
	if err != nil {
		return Order{}, fmt.Errorf("%w: limit of a spec: %w", ErrOrder, err)
	}
	for name, at := range map[string]int{"bundle": 8, "watch": 12, "brought": 14, "files": 15} {
		if f[at] != flag(true) && f[at] != flag(false) {
			return Order{}, fmt.Errorf("%w: %s is %q, want 0 or 1", ErrOrder, name, f[at])
		}
	}
	return Order{
		Run: f[1], Kernel: f[2], Specs: list(f[9]), Watch: f[12] == flag(true), Key: Key(f[13]), Brought: f[14] == flag(true),
		Files: f[15] == flag(true), Shell: f[16],
		Limits: Limits{Request: time.Duration(request), Spec: time.Duration(spec)},
		Loader: Loader{
			Name: f[5], Builtin: f[6], Payload: f[7], Bundle: f[8] == flag(true), Command: list(f[10]),
			Env: list(f[11]),
		},
	}, nil
}

// flag returns what stands for a truth in an order.
func flag(is bool) string {
	if is {
		return "1"
	}
	return "0"
}

// list returns the elements of a list; nil for none.
func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, listSeparator)
}
