// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/oracle"
	"github.com/loadstone-bpf/loadstone/suites/phrase"
	"github.com/loadstone-bpf/loadstone/suites/runner"
)

// An Object holds the compiled BPF object that a loader is asked to load.
type Object interface {
	Name() string // a file name without a folder, such as "mapdefs_hash"
	ELF() []byte
}

// An Option changes how an object is opened.
type Option func(*loader.OpenOptions)

// IgnoreUnknownFields has the loader accept BTF map definitions with fields that it does not know.
func IgnoreUnknownFields(o *loader.OpenOptions) { o.IgnoreUnknownFields = true }

// PinRoot has the loader pin maps that ask for it in folder, a path in the driver's root (see
// [Session.BPFFS]).
func PinRoot(folder string) Option {
	return func(o *loader.OpenOptions) { o.PinRoot = folder }
}

// TokenPath has the loader use a token of the bpffs that is mounted at path, in the driver's root.
func TokenPath(path string) Option {
	return func(o *loader.OpenOptions) { o.TokenPath = path }
}

// Kconfig has the loader take values of the kernel's configuration from lines like CONFIG_HZ=250.
func Kconfig(text string) Option {
	return func(o *loader.OpenOptions) { o.Kconfig = text }
}

// KernelTypes has the loader do CO-RE against the BTF in a file, a path in the driver's root, in
// place of the running kernel's.
func KernelTypes(file string) Option {
	return func(o *loader.OpenOptions) { o.KernelTypes = file }
}

// ExtraTypes has the loader look for types in more files of BTF.
func ExtraTypes(files ...string) Option {
	return func(o *loader.OpenOptions) { o.ExtraTypes = files }
}

// Layout has the loader read section maps as structs of one kind.
func Layout(layout loader.MapLayout) Option {
	return func(o *loader.OpenOptions) { o.MapLayout = layout }
}

// PinMount has the loader pin maps of iproute2's kind below folder/subdir, and those of the pinning
// ids where the table says; folder is a path in the driver's root (see [Session.BPFFS]), subdir
// "tc", "xdp" or "ip".
func PinMount(folder, subdir string, ids map[string]string) Option {
	return func(o *loader.OpenOptions) { o.PinMount, o.PinSubdir, o.PinIDs = folder, subdir, ids }
}

// Handlers has the loader register handlers before it opens the object; docs/loader-protocol.md
// says what each does.
func Handlers(handlers ...loader.Handler) Option {
	return func(o *loader.OpenOptions) { o.Handlers = handlers }
}

// An Attempt holds one object that the loader is asked to load, and the loader's last answer about
// it. Once the loader has refused the object nothing more is asked: the refusal is the last answer.
type Attempt struct {
	Reply loader.Reply // *loader.OK, *loader.Unsupported or *loader.Rejected

	session *Session
	in      *runner.Conversation
	id      string // of the loader's session
	object  string
	options loader.OpenOptions
	last    loader.Request // which Reply answers
}

// Open asks the loader to open an object, which makes nothing in the kernel.
func (c *Conversation) Open(o Object, options ...Option) *Attempt {
	s := c.session
	s.attempts++
	a := &Attempt{session: s, in: c.talk, id: "s" + strconv.Itoa(s.attempts), object: o.Name()}
	request := loader.Open{Session: a.id, Object: a.file(o)}
	for _, option := range options {
		option(&request.Options)
	}
	a.options = request.Options
	a.ask(request)
	return a
}

// Load asks the loader to open and load an object. An object that is refused at load is closed, as
// every caller does that gets an error.
func (c *Conversation) Load(o Object, options ...Option) *Attempt {
	return c.Open(o, options...).Load()
}

// MustLoad does what [Conversation.Load] does, for an object that has to load. A refusal ends the
// spec: as refused where the loader does not claim the requirement's profile, else as failed.
func (c *Conversation) MustLoad(o Object, options ...Option) *Attempt {
	a := c.Load(o, options...)
	a.mustBeOK()
	return a
}

// Control loads the object that a refusal is compared with, the same without the fault, as
// [Conversation.MustLoad] does, and closes it again.
func (c *Conversation) Control(o Object, options ...Option) {
	c.MustLoad(o, options...).Close()
}

// set asks to change a map or a program before it is loaded. The value is a number, a string or a
// boolean, as the attribute asks.
func (a *Attempt) set(target, name string, attribute loader.Attribute, value any) *Attempt {
	a.ask(loader.Set{Session: a.id, Target: target, Name: name, Attr: attribute, Value: value})
	return a
}

// SetMap asks to change a map before it is loaded. The value is a number, a string or a boolean, as
// the attribute asks.
func (a *Attempt) SetMap(name string, attribute loader.Attribute, value any) *Attempt {
	return a.set("map", name, attribute, value)
}

// SetContents asks to give a map of global data other contents before it is loaded.
func (a *Attempt) SetContents(name string, value []byte) *Attempt {
	return a.set("map", name, loader.Contents, hex.EncodeToString(value))
}

// SetVariable asks to give a variable of global data another value before it is loaded: its bytes
// as programs see them.
func (a *Attempt) SetVariable(name string, value []byte) *Attempt {
	return a.set("variable", name, loader.InitialValue, hex.EncodeToString(value))
}

// SetProgram asks to change a program before it is loaded.
func (a *Attempt) SetProgram(name string, attribute loader.Attribute, value any) *Attempt {
	return a.set("program", name, attribute, value)
}

// Load asks to make the opened object's maps and programs.
func (a *Attempt) Load() *Attempt {
	wasOpen := a.OK()
	a.ask(loader.Load{Session: a.id})
	a.mustHaveActed()
	a.closeRefused(wasOpen)
	return a
}

// mustHaveActed ends the spec of a loader that says it made something in the kernel, where all is
// as it was before the spec. A spec that goes on from there could pass for a loader that does
// nothing, such as one that expects a refusal after it. Where the loader itself says that it left
// everything out, and claims only a part of what the requirement is about, that is a refusal.
func (a *Attempt) mustHaveActed() {
	if !a.OK() || a.session.exec.Added() {
		return
	}
	if madeNothing(a.Reply.(*loader.OK)) {
		a.leftOut(a.object)
	}
	a.session.exec.Fail("something in the kernel that was not there before the spec",
		"nothing, and the loader says "+phrase.Reply(a.Reply))
}

// madeNothing reports whether the answer of a loader names nothing that it made.
func madeNothing(ok *loader.OK) bool {
	return ok.ID == 0 &&
		!slices.ContainsFunc(ok.Maps, func(m loader.MapView) bool { return m.ID != 0 }) &&
		!slices.ContainsFunc(ok.Programs, func(p loader.ProgramView) bool { return p.ID != 0 })
}

// MustLoad does what [Attempt.Load] does, for an object that has to load. A refusal ends the spec
// as it does in [Conversation.MustLoad].
func (a *Attempt) MustLoad() *Attempt {
	a.Load()
	a.mustBeOK()
	return a
}

// closeRefused closes an object that was open until its load was refused.
func (a *Attempt) closeRefused(wasOpen bool) {
	if wasOpen && !a.OK() {
		a.Close()
	}
}

// finishOneStep has a loader load an object that it has only opened, if it does both in one step:
// such a loader refuses when it loads. For any other loader an open is an answer of its own.
func (a *Attempt) finishOneStep() {
	if a.OK() && (a.last.Op() == loader.OpOpen || a.last.Op() == loader.OpSet) &&
		a.session.Claims(loader.OneStep) {
		a.Load()
	}
}

// Reload closes what was loaded, and asks for the same again.
func (c *Conversation) Reload(a *Attempt, o Object, options ...Option) *Attempt {
	a.Close()
	return c.Load(o, options...)
}

// Close tells the loader to give the object up.
func (a *Attempt) Close() {
	if reply := a.in.Close(a.id); reply != nil && !isOK(reply) {
		a.session.exec.Fail("a loader that closes what it opened", phrase.Reply(reply))
	}
}

// OK reports whether the loader has done all it was asked so far.
func (a *Attempt) OK() bool { return isOK(a.Reply) }

// ask asks for one thing more, if nothing was refused yet.
func (a *Attempt) ask(request loader.Request) {
	if a.Reply != nil && !a.OK() {
		return
	}
	a.Reply, a.last = a.in.Do(request), request
}

// MapID returns the id of the kernel map that the loader says it made for the object's map of that
// name.
func (a *Attempt) MapID(name string) uint32 {
	if asked, isCreate := a.last.(NewMap); isCreate {
		return a.createdID(asked, name)
	}
	reply := a.mustBeLoaded()
	m, found := reply.Map(name)
	if found && m.ID == 0 {
		a.leftOut(a.object + "." + name)
	}
	if !found || m.ID == 0 {
		a.session.exec.Fail(fmt.Sprintf("a map made of %s.%s", a.object, name), phrase.Reply(reply))
	}
	return m.ID
}

// leftOut ends the spec as refused, where the loader claims a part of what the requirement is
// about, and says itself that it left a map out, or all: a command keeps no map that no program
// uses.
func (a *Attempt) leftOut(what string) {
	if support, why := a.session.exec.Claim(); support == loader.Partial ||
		support == loader.KernelDependent {
		a.session.exec.Refused(fmt.Sprintf("%s: it left out %s", why, what))
	}
}

// Map returns what the kernel says of the object's map of that name.
func (a *Attempt) Map(name string) oracle.MapFacts {
	id := a.MapID(name)
	facts, err := oracle.Map(id)
	a.session.mustExist(err, "map", name, id)
	return facts
}

// ProgramID returns the id of the kernel program that the loader says it made for the object's
// program of that name.
func (a *Attempt) ProgramID(name string) uint32 {
	reply := a.mustBeLoaded()
	for _, p := range reply.Programs {
		if p.Name == name && p.ID != 0 {
			return p.ID
		}
	}
	a.session.exec.Fail(fmt.Sprintf("a program made of %s.%s", a.object, name), phrase.Reply(reply))
	return 0
}

// Program returns what the kernel says of the object's program of that name.
func (a *Attempt) Program(name string) oracle.ProgramFacts {
	id := a.ProgramID(name)
	facts, err := oracle.Program(id)
	a.session.mustExist(err, "program", name, id)
	return facts
}

// Lookup returns what the object's map of that name holds under key, read from the kernel; see
// [oracle.Lookup].
func (a *Attempt) Lookup(name string, key []byte) []byte {
	id := a.MapID(name)
	value, err := oracle.Lookup(id, key)
	if errors.Is(err, oracle.ErrNoSuchKey) {
		a.session.exec.Fail(fmt.Sprintf("map %s holds key % x", name, key), "it does not")
	}
	a.session.mustExist(err, "map", name, id)
	return value
}

// Run runs the object's program of that name once, over a packet of zeros as short as an Ethernet
// frame may be, and returns what the program returned.
func (a *Attempt) Run(name string) uint32 { return a.RunOver(name, make([]byte, 64)) }

// RunOver does what [Attempt.Run] does, over another packet; see [oracle.Run].
func (a *Attempt) RunOver(name string, packet []byte) uint32 {
	id := a.ProgramID(name)
	result, _, err := oracle.Run(id, packet)
	a.session.mustExist(err, "program", name, id)
	return result
}

// mustExist ends the spec where the kernel could not be asked about an object that the loader
// claims to have made.
func (s *Session) mustExist(err error, kind, name string, id uint32) {
	if errors.Is(err, oracle.ErrNoSuchObject) {
		s.exec.Fail(fmt.Sprintf("%s %s in the kernel", kind, name),
			fmt.Sprintf("the loader claims %s %d, which the kernel does not have", kind, id))
	}
	if errors.Is(err, oracle.ErrNotStructOps) {
		s.exec.Fail(fmt.Sprintf("%s %s of type struct_ops", kind, name), err.Error())
	}
	if err != nil {
		s.exec.Broken("%v", err)
	}
}

// mustBeLoaded returns the reply to load, or ends the spec.
func (a *Attempt) mustBeLoaded() *loader.OK {
	a.mustBeOK()
	if op := a.last.Op(); op != loader.OpLoad && op != loader.OpChainAdd {
		a.session.exec.Broken("%s is not loaded yet: the last request was %s", a.object,
			a.last.Op())
	}
	return a.Reply.(*loader.OK)
}

// mustBeOK ends the spec where the object was refused.
func (a *Attempt) mustBeOK() {
	if a.OK() {
		return
	}
	a.refusedUnlessClaimed()
	a.session.exec.Fail(a.wanted(), phrase.Reply(a.Reply))
}

// refusedUnlessClaimed ends the spec as refused, where the loader does not claim the whole of what
// the requirement is about, or does not know the attribute, option or operation that it was asked
// for.
func (a *Attempt) refusedUnlessClaimed() {
	if support, why := a.session.exec.Claim(); support != loader.Yes {
		a.session.exec.Refused(why + ": " + phrase.Reply(a.Reply))
	}
	u, unsupported := a.Reply.(*loader.Unsupported)
	if unsupported && slices.Contains(a.words(), string(u.Feature)) {
		a.session.exec.Refused("the loader has no such request: " + phrase.Reply(a.Reply))
	}
}

// wanted says in words what the last request asked for.
func (a *Attempt) wanted() string {
	switch a.last.(type) {
	case loader.Create:
		return "ok: " + a.object + " is made"
	case loader.Pin, loader.Unpin:
		return "ok: the " + string(a.last.Op()) + " that was asked for"
	case loader.Link:
		return "ok: " + a.object + " are linked"
	case loader.Query:
		return "ok: an answer about " + a.object
	case loader.ChainAdd:
		return "ok: " + a.object + " runs in the chain"
	case loader.ChainRemove, loader.ChainClean:
		return "ok: the " + string(a.last.Op()) + " that was asked for"
	case loader.Attach, loader.Update, loader.Detach:
		return "ok: " + string(a.last.Op()) + " of " + a.object
	}
	return "ok: " + a.object + " loads"
}

// file writes the object into a folder of the attempt's own, and returns its path in the driver's
// root. The file's name is the same at each attempt: libbpf names maps after it.
func (a *Attempt) file(o Object) string {
	folder := path.Join(a.session.Work(), a.id)
	name := path.Join(folder, o.Name()+".bpf.o")
	err := os.Mkdir(a.session.exec.Own(folder), 0o755)
	if err == nil {
		err = os.WriteFile(a.session.exec.Own(name), o.ELF(), 0o644)
	}
	if err != nil {
		a.session.exec.Broken("write object: %v", err)
	}
	a.session.exec.Wrote(name, o.ELF())
	return name
}

func isOK(reply loader.Reply) bool {
	_, ok := reply.(*loader.OK)
	return ok
}

// DataMap returns the loader's name for the map of a section of the object's global data, such as
// ".rodata". Loaders rightly differ in it.
func (a *Attempt) DataMap(section string) string {
	for _, name := range a.MapNames() {
		if strings.HasSuffix(name, section) {
			return name
		}
	}
	return section
}

// MapNames returns the loader's names for the object's maps, as it last said them.
func (a *Attempt) MapNames() []string {
	a.mustBeOK()
	var names []string
	for _, m := range a.Reply.(*loader.OK).Maps {
		names = append(names, m.Name)
	}
	return names
}
