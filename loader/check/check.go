// SPDX-License-Identifier: Apache-2.0

// Package check proves a driver before its results count: it has a short conversation with it that
// makes nothing in the kernel, and holds every exchange to the protocol, in which the client
// refuses what the schema does, and to the rules that no schema can say. The conversation needs no
// privileges; 'loadstone loaders check' takes root all the same, as it runs the driver in a root of
// its own.
package check

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/loadstone-bpf/loadstone/loader"
)

// A Finding reports one rule that a driver was held to.
type Finding struct {
	Rule string // in words: "opens no file that is not there"
	Err  error  // nil if the driver keeps to it
}

// A Report tells how a conversation went.
type Report struct {
	Findings  []Finding
	Identity  *loader.Identity // what the loader says of itself; nil if it did not get that far
	Features  map[loader.Feature]loader.Claim
	Exchanges []loader.Exchange
	Loaded    *loader.OK // the reply to the load of [Driver.Object]; nil if there was none
}

// Err joins the errors of the findings.
func (r *Report) Err() error {
	var errs []error
	for _, f := range r.Findings {
		if f.Err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", f.Rule, f.Err))
		}
	}
	return errors.Join(errs...)
}

// Start begins a conversation.
type Start = func(ctx context.Context, trace func(loader.Exchange)) (loader.Loader, error)

// A Driver describes a driver to be checked.
type Driver struct {
	Start Start
	Name  string // that its loader must say
	Dirs  loader.Dirs
	Work  string // the host's path of Dirs.Work

	// Object is the path of an object that the driver is to open, as it sees it; none if empty.
	// With Load it is loaded too, which makes maps and programs in the kernel until it is closed.
	Object string
	Load   bool
}

// Driver errors.
var (
	errReply = errors.New("wrong reply")
	errName  = errors.New("wrong name")
)

// Check has the conversation. It goes on after a wrong reply, and ends at a fault.
func Check(ctx context.Context, d Driver) *Report {
	r := &Report{}
	l, err := d.Start(ctx, func(x loader.Exchange) { r.Exchanges = append(r.Exchanges, x) })
	r.add("starts", err)
	if err != nil {
		return r
	}
	r.add("can be given a file", os.WriteFile(filepath.Join(d.Work, garbageName), garbage, 0o644))
	steps := d.steps()
	for len(steps) > 0 {
		step := steps[0]
		steps = steps[1:]
		reply, err := l.Do(ctx, step.req)
		if err == nil {
			err = step.check(reply)
		}
		r.add(step.rule, err)
		var fault *loader.Fault
		if errors.As(err, &fault) {
			break
		}
		if ok, isOK := reply.(*loader.OK); isOK && step.req.Op() == loader.OpLoad {
			r.Loaded = ok
		}
		// Only the reply to hello says who the driver is: a driver that repeated it would be asked
		// forever.
		if ok, isOK := reply.(*loader.OK); isOK && ok.Loader != nil &&
			step.req.Op() == loader.OpHello {
			r.Identity, r.Features = ok.Loader, ok.Features
			steps = append(steps,
				d.objectSteps(r.Features[loader.OneStep].Support == loader.Yes)...)
		}
	}
	r.add("exits after bye", l.Close())
	r.add("keeps to the schema", r.outOfSchema())
	return r
}

func (r *Report) add(rule string, err error) { r.Findings = append(r.Findings, Finding{rule, err}) }

// outOfSchema returns the error of the reply that the client refused because the protocol's schema
// does not have it; nil for none. The client holds replies to what the schema says in code of its
// own: a validator of schemas takes longer to start than most commands take.
func (r *Report) outOfSchema() error {
	for _, f := range r.Findings {
		if errors.Is(f.Err, loader.ErrSchema) {
			return f.Err
		}
	}
	return nil
}

// Unknown returns the fields that the driver wrote and the protocol does not know. They are kept
// and reported, and are no fault.
func (r *Report) Unknown() []string {
	var all []string
	for _, x := range r.Exchanges {
		all = append(all, x.Unknown...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

const garbageName = "garbage.o"

var garbage = []byte("This is no object: it is a line of text, for a loader to refuse.\n")

// A step holds one request, and checks its reply.
type step struct {
	rule  string
	req   loader.Request
	check func(loader.Reply) error
}

// steps returns the requests that every driver gets.
func (d Driver) steps() []step {
	hello := loader.Hello{
		Protocols: []int{loader.Version}, Suite: "check",
		Kernel: loader.Kernel{Release: "0", Arch: "none"}, Dirs: d.Dirs,
	}
	return []step{
		{"answers hello", hello, d.greets},
		{"ignores fields that it does not know", novelReset{Novel: map[string]int{"depth": 1}}, isOK},
		{"calls an operation that it does not know unsupported", novelOp{}, isUnsupported},
		{"makes no map of no type", d.noMap(), isRefused},
	}
}

// objectSteps returns the requests about files that are not objects. A one-step loader reads a file
// only when it is told to load it.
func (d Driver) objectSteps(oneStep bool) []step {
	garbage := filepath.Join(d.Dirs.Work, garbageName)
	open := func(object string) loader.Request { return loader.Open{Session: "s1", Object: object} }
	steps := []step{
		{"refuses a file that is not there", open(garbage + ".missing"), isRejectedAtOpen},
		{"refuses a file that is no object", open(garbage), isRejectedAtOpen},
	}
	if oneStep {
		steps = []step{
			{"opens without a look", open(garbage + ".missing"), isOK},
			{"refuses a file that is not there", loader.Load{Session: "s1"}, isRejected},
			{"closes what it refused", loader.Close{Session: "s1"}, isOK},
			{"opens another without a look", open(garbage), isOK},
			{"refuses a file that is no object", loader.Load{Session: "s1"}, isRejected},
			{"closes what it refused again", loader.Close{Session: "s1"}, isOK},
		}
	}
	if d.Object != "" {
		steps = append(steps, step{"opens the object",
			loader.Open{Session: "object", Object: d.Object}, isOK})
		if d.Load {
			steps = append(steps, step{"loads the object", loader.Load{Session: "object"}, isOK})
		}
		steps = append(steps, step{"closes the object", loader.Close{Session: "object"}, isOK})
	}
	return append(steps,
		step{"keeps no session of an object that it refused", loader.Load{Session: "s1"}, isError},
		step{"calls it an error when a session does not exist", loader.Close{Session: "s2"}, isError},
		step{"resets with nothing open", loader.Reset{}, isOK},
		step{"resets again", loader.Reset{}, isOK},
	)
}

// noMap asks for a map that no kernel makes, pinned where nothing can be.
func (d Driver) noMap() loader.Create {
	return loader.Create{Name: "none", Path: filepath.Join(d.Dirs.BPFFS, "missing", "none")}
}

// novelOp asks for an operation that no version has.
type novelOp struct{}

func (novelOp) Op() loader.Op { return "x-novel" }

// novelReset has a field that no version has.
type novelReset struct {
	Novel map[string]int `json:"x-novel"`
}

func (novelReset) Op() loader.Op { return loader.OpReset }

func (d Driver) greets(reply loader.Reply) error {
	if err := isOK(reply); err != nil {
		return err
	}
	if name := reply.(*loader.OK).Loader.Name; name != d.Name {
		return fmt.Errorf("%w: it says %q, its manifest %q", errName, name, d.Name)
	}
	return nil
}

func isOK(reply loader.Reply) error {
	if _, ok := reply.(*loader.OK); !ok {
		return wrong(reply, "ok")
	}
	return nil
}

func isUnsupported(reply loader.Reply) error {
	if _, ok := reply.(*loader.Unsupported); !ok {
		return wrong(reply, "unsupported")
	}
	return nil
}

func isRejectedAtOpen(reply loader.Reply) error {
	if r, ok := reply.(*loader.Rejected); !ok || !loader.AtOpen.Admits(r.Stage) {
		return wrong(reply, "rejected at open")
	}
	return nil
}

func isRejected(reply loader.Reply) error {
	if _, ok := reply.(*loader.Rejected); !ok {
		return wrong(reply, "rejected")
	}
	return nil
}

// isRefused accepts a reply to what a loader rejects, or cannot do.
func isRefused(reply loader.Reply) error {
	if isRejected(reply) != nil && isUnsupported(reply) != nil {
		return wrong(reply, "rejected, or unsupported")
	}
	return nil
}

func isError(reply loader.Reply) error {
	if _, ok := reply.(*loader.Error); !ok {
		return wrong(reply, "error")
	}
	return nil
}

func wrong(reply loader.Reply, want string) error {
	return fmt.Errorf("%w: %s, want %s", errReply, describe(reply), want)
}

// describe returns a reply in a few words.
func describe(reply loader.Reply) string {
	switch r := reply.(type) {
	case *loader.OK:
		return "ok"
	case *loader.Unsupported:
		return fmt.Sprintf("unsupported %s", r.Feature)
	case *loader.Rejected:
		return fmt.Sprintf("rejected at %s, class %s: %s", r.Stage, r.Class, r.Message)
	case *loader.Error:
		return fmt.Sprintf("error: %s", r.Message)
	}
	return fmt.Sprintf("%T", reply)
}
