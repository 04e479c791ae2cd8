// Code generated from loader/protocol by go generate ./loader. DO NOT EDIT.

// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"fmt"
	"maps"
	"slices"

	"github.com/loadstone-bpf/loadstone/loader/jsonline"
)

// writeRequest writes the fields of a request. The error is about a value that has no JSON.
func writeRequest(l *jsonline.Line, req Request) error {
	switch r := req.(type) {
	case Hello:
		r.write(l)
	case Create:
		r.write(l)
	case Open:
		r.write(l)
	case Set:
		return r.write(l)
	case Load:
		r.write(l)
	case Attach:
		r.write(l)
	case Detach:
		r.write(l)
	case Update:
		r.write(l)
	case Pin:
		r.write(l)
	case Unpin:
		r.write(l)
	case Close:
		r.write(l)
	case Link:
		r.write(l)
	case ChainAdd:
		r.write(l)
	case ChainLink:
		r.write(l)
	case ChainRemove:
		r.write(l)
	case ChainClean:
		r.write(l)
	case Query:
		r.write(l)
	case Reset:
		r.write(l)
	case Bye:
		r.write(l)
	default:
		return writeUnknown(l, req)
	}
	return nil
}

// writeReply writes the fields of a reply. The error is about an answer that cannot be JSON.
func writeReply(l *jsonline.Line, reply Reply) error {
	switch r := reply.(type) {
	case *OK:
		return r.write(l)
	case *Unsupported:
		r.write(l)
	case *Rejected:
		r.write(l)
	case *Error:
		r.write(l)
	}
	return nil
}

func (v envelope) write(l *jsonline.Line) {
	l.Number("v", int64(v.V))
	l.Number("seq", int64(v.Seq))
	l.TextIfAny("spec", v.Spec)
	l.Text("op", string(v.Op))
}

func (v Hello) write(l *jsonline.Line) {
	jsonline.Numbers(l, "protocols", v.Protocols)
	l.Text("suite", v.Suite)
	l.Object("kernel", v.Kernel.write)
	l.Object("dirs", v.Dirs.write)
}

func (v Create) write(l *jsonline.Line) {
	l.Text("name", v.Name)
	l.Object("map", v.Map.write)
	l.TextIfAny("inner_map", v.InnerMap)
	l.Text("path", v.Path)
	l.TextIfAny("token_path", v.TokenPath)
}

func (v Open) write(l *jsonline.Line) {
	l.Text("session", v.Session)
	l.Text("object", v.Object)
	l.Object("options", v.Options.write)
}

func (v Set) write(l *jsonline.Line) error {
	l.Text("session", v.Session)
	l.Text("target", v.Target)
	l.Text("name", v.Name)
	l.TextIfAny("member", v.Member)
	l.Text("attribute", string(v.Attr))
	return writeValue(l, "value", v.Value)
}

func (v Load) write(l *jsonline.Line) {
	l.Text("session", v.Session)
}

func (v Attach) write(l *jsonline.Line) {
	l.Text("session", v.Session)
	l.Text("program", v.Program)
	l.Text("kind", v.Kind)
	l.NumberIfAny("ifindex", int64(v.Ifindex))
	l.TextIfAny("path", v.Path)
	l.TextIfAny("mode", string(v.Mode))
	l.TextIfAny("by", string(v.By))
	l.TextIfAny("replaces", v.Replaces)
}

func (v Detach) write(l *jsonline.Line) {
	l.Text("session", v.Session)
	l.Text("handle", v.Handle)
}

func (v Update) write(l *jsonline.Line) {
	l.Text("session", v.Session)
	l.Text("handle", v.Handle)
	l.Text("program", v.Program)
	l.TextIfAny("expected", v.Expected)
}

func (v Pin) write(l *jsonline.Line) {
	l.Text("session", v.Session)
	l.Text("target", v.Target)
	l.Text("name", v.Name)
	l.Text("path", v.Path)
}

func (v Unpin) write(l *jsonline.Line) {
	l.Text("session", v.Session)
	l.Text("target", v.Target)
	l.Text("name", v.Name)
	l.Text("path", v.Path)
}

func (v Close) write(l *jsonline.Line) {
	l.Text("session", v.Session)
}

func (v Link) write(l *jsonline.Line) {
	jsonline.Texts(l, "inputs", v.Inputs)
	l.Text("output", v.Output)
}

func (v ChainAdd) write(l *jsonline.Line) {
	l.Text("session", v.Session)
	l.Text("program", v.Program)
	l.Number("ifindex", int64(v.Ifindex))
	l.TextIfAny("mode", string(v.Mode))
	l.NumberIfAny("priority", int64(v.Priority))
	if len(v.Actions) > 0 {
		jsonline.Texts(l, "actions", v.Actions)
	}
}

func (v ChainLink) write(l *jsonline.Line) {
	l.Number("ifindex", int64(v.Ifindex))
	l.TextIfAny("mode", string(v.Mode))
	jsonline.Objects(l, "programs", v.Programs, func(l *jsonline.Line, e ChainPart) { e.write(l) })
}

func (v ChainRemove) write(l *jsonline.Line) {
	l.Number("ifindex", int64(v.Ifindex))
	l.NumberIfAny("id", int64(v.ID))
}

func (v ChainClean) write(l *jsonline.Line) {
	l.Number("ifindex", int64(v.Ifindex))
}

func (v Query) write(l *jsonline.Line) {
	l.TextIfAny("session", v.Session)
	l.Text("what", v.What)
	l.NumberIfAny("ifindex", int64(v.Ifindex))
}

func (v Reset) write(l *jsonline.Line) {
}

func (v Bye) write(l *jsonline.Line) {
}

func (v *OK) write(l *jsonline.Line) error {
	l.NumberIfAny("protocol", int64(v.Protocol))
	if v.Loader != nil {
		l.Object("loader", v.Loader.write)
	}
	if len(v.Features) > 0 {
		jsonline.Map(l, "features", v.Features, func(e Claim) {
			l.Open()
			e.write(l)
			l.Close()
		})
	}
	if len(v.Maps) > 0 {
		jsonline.Objects(l, "maps", v.Maps, func(l *jsonline.Line, e MapView) { e.write(l) })
	}
	if len(v.Programs) > 0 {
		jsonline.Objects(l, "programs", v.Programs, func(l *jsonline.Line, e ProgramView) { e.write(l) })
	}
	if len(v.Unknown) > 0 {
		jsonline.Texts(l, "unknown", v.Unknown)
	}
	l.NumberIfAny("id", int64(v.ID))
	l.TextIfAny("handle", v.Handle)
	l.NumberIfAny("link_id", int64(v.LinkID))
	if v.Answer == nil {
		return nil
	}
	return writeValue(l, "answer", v.Answer)
}

func (v *Unsupported) write(l *jsonline.Line) {
	l.Text("feature", string(v.Feature))
	l.TextIfAny("reason", v.Reason)
	l.TextIfAny("issue", v.Issue)
}

func (v *Rejected) write(l *jsonline.Line) {
	l.Text("stage", string(v.Stage))
	l.Text("class", string(v.Class))
	l.NumberIfAny("errno", int64(v.Errno))
	l.TextIfAny("message", v.Message)
	l.TextIfAny("log", v.Log)
	if len(v.Differs) > 0 {
		jsonline.Objects(l, "differs", v.Differs, func(l *jsonline.Line, e Difference) { e.write(l) })
	}
}

func (v *Error) write(l *jsonline.Line) {
	l.Text("message", v.Message)
	l.TextIfAny("trace", v.Trace)
}

func (v Kernel) write(l *jsonline.Line) {
	l.Text("release", v.Release)
	l.Text("arch", v.Arch)
}

func (v Dirs) write(l *jsonline.Line) {
	l.Text("work", v.Work)
	l.Text("bpffs", v.BPFFS)
}

func (v MapAttributes) write(l *jsonline.Line) {
	l.Number("type", int64(v.Type))
	l.Number("key_size", int64(v.KeySize))
	l.Number("value_size", int64(v.ValueSize))
	l.Number("max_entries", int64(v.MaxEntries))
	l.NumberIfAny("map_flags", int64(v.Flags))
	l.UnsignedIfAny("map_extra", v.MapExtra)
	l.NumberIfAny("numa_node", int64(v.NumaNode))
}

func (v OpenOptions) write(l *jsonline.Line) {
	l.TrueIfSo("ignore_unknown_fields", v.IgnoreUnknownFields)
	l.TextIfAny("pin_root", v.PinRoot)
	l.TextIfAny("map_layout", string(v.MapLayout))
	l.TextIfAny("pin_mount", v.PinMount)
	l.TextIfAny("pin_subdir", v.PinSubdir)
	jsonline.TextMap(l, "pin_ids", v.PinIDs)
	l.TextIfAny("kconfig", v.Kconfig)
	l.TextIfAny("token_path", v.TokenPath)
	l.TextIfAny("kernel_types", v.KernelTypes)
	if len(v.ExtraTypes) > 0 {
		jsonline.Texts(l, "extra_types", v.ExtraTypes)
	}
	if len(v.Handlers) > 0 {
		jsonline.Texts(l, "handlers", v.Handlers)
	}
}

func (v ChainPart) write(l *jsonline.Line) {
	l.Text("session", v.Session)
	l.Text("program", v.Program)
	l.NumberIfAny("priority", int64(v.Priority))
	if len(v.Actions) > 0 {
		jsonline.Texts(l, "actions", v.Actions)
	}
}

func (v Identity) write(l *jsonline.Line) {
	l.Text("name", v.Name)
	l.Text("version", v.Version)
	l.TextIfAny("language", v.Language)
	l.TextIfAny("homepage", v.Homepage)
	l.TextIfAny("issues", v.Issues)
	jsonline.TextMap(l, "components", v.Components)
}

func (v Claim) write(l *jsonline.Line) {
	l.Text("support", string(v.Support))
	l.TextIfAny("reason", v.Reason)
	l.TextIfAny("issue", v.Issue)
}

func (v MapView) write(l *jsonline.Line) {
	l.Text("name", v.Name)
	l.NumberIfAny("id", int64(v.ID))
}

func (v ProgramView) write(l *jsonline.Line) {
	l.Text("name", v.Name)
	l.TextIfAny("section", v.Section)
	l.NumberIfAny("id", int64(v.ID))
}

func (v Difference) write(l *jsonline.Line) {
	l.Text("attribute", string(v.Attribute))
	l.Unsigned("pinned", v.Pinned)
	l.Unsigned("defined", v.Defined)
}

// readRequest reads the request of that kind, or returns nil if there is no such kind.
func readRequest(op Op, n *node) Request {
	switch op {
	case OpHello:
		var r Hello
		r.read(n)
		return r
	case OpCreate:
		var r Create
		r.read(n)
		return r
	case OpOpen:
		var r Open
		r.read(n)
		return r
	case OpSet:
		var r Set
		r.read(n)
		return r
	case OpLoad:
		var r Load
		r.read(n)
		return r
	case OpAttach:
		var r Attach
		r.read(n)
		return r
	case OpDetach:
		var r Detach
		r.read(n)
		return r
	case OpUpdate:
		var r Update
		r.read(n)
		return r
	case OpPin:
		var r Pin
		r.read(n)
		return r
	case OpUnpin:
		var r Unpin
		r.read(n)
		return r
	case OpClose:
		var r Close
		r.read(n)
		return r
	case OpLink:
		var r Link
		r.read(n)
		return r
	case OpChainAdd:
		var r ChainAdd
		r.read(n)
		return r
	case OpChainLink:
		var r ChainLink
		r.read(n)
		return r
	case OpChainRemove:
		var r ChainRemove
		r.read(n)
		return r
	case OpChainClean:
		var r ChainClean
		r.read(n)
		return r
	case OpQuery:
		var r Query
		r.read(n)
		return r
	case OpReset:
		var r Reset
		r.read(n)
		return r
	case OpBye:
		var r Bye
		r.read(n)
		return r
	}
	return nil
}

// replyKeys are the keys of which a line from a driver has one.
var replyKeys = []string{"ok", "unsupported", "rejected", "error"}

// readReply reads what stands under one of [replyKeys].
func readReply(key string, n *node) Reply {
	switch key {
	case "ok":
		var r OK
		r.read(n)
		return &r
	case "unsupported":
		var r Unsupported
		r.read(n)
		return &r
	case "rejected":
		var r Rejected
		r.read(n)
		return &r
	case "error":
		var r Error
		r.read(n)
		return &r
	}
	return nil
}

func replyKey(reply Reply) string {
	switch reply.(type) {
	case *OK:
		return "ok"
	case *Unsupported:
		return "unsupported"
	case *Rejected:
		return "rejected"
	case *Error:
		return "error"
	}
	return ""
}

func (v *envelope) read(n *node) {
	n.open()
	if f, ok := n.need("v"); ok {
		v.V = f.integer()
	}
	if f, ok := n.need("seq"); ok {
		v.Seq = f.integer()
	}
	if f, ok := n.find("spec"); ok {
		v.Spec = f.text()
	}
	if f, ok := n.need("op"); ok {
		v.Op = Op(f.text())
	}
	n.close()
}

func (v *Hello) read(n *node) {
	n.open()
	if f, ok := n.need("protocols"); ok {
		v.Protocols = make([]int, f.length())
		for i := range v.Protocols {
			e := f.element(i)
			v.Protocols[i] = e.integer()
		}
	}
	if f, ok := n.need("suite"); ok {
		v.Suite = f.text()
	}
	if f, ok := n.need("kernel"); ok {
		v.Kernel.read(&f)
	}
	if f, ok := n.need("dirs"); ok {
		v.Dirs.read(&f)
	}
	n.close()
}

func (v *Create) read(n *node) {
	n.open()
	if f, ok := n.need("name"); ok {
		v.Name = f.text()
	}
	if f, ok := n.need("map"); ok {
		v.Map.read(&f)
	}
	if f, ok := n.find("inner_map"); ok {
		v.InnerMap = f.text()
	}
	if f, ok := n.need("path"); ok {
		v.Path = f.text()
	}
	if f, ok := n.find("token_path"); ok {
		v.TokenPath = f.text()
	}
	n.close()
}

func (v *Open) read(n *node) {
	n.open()
	if f, ok := n.need("session"); ok {
		v.Session = f.text()
	}
	if f, ok := n.need("object"); ok {
		v.Object = f.text()
	}
	if f, ok := n.need("options"); ok {
		v.Options.read(&f)
	}
	n.close()
}

func (v *Set) read(n *node) {
	n.open()
	if f, ok := n.need("session"); ok {
		v.Session = f.text()
	}
	if f, ok := n.need("target"); ok {
		v.Target = f.text()
	}
	if f, ok := n.need("name"); ok {
		v.Name = f.text()
	}
	if f, ok := n.find("member"); ok {
		v.Member = f.text()
	}
	if f, ok := n.need("attribute"); ok {
		v.Attr = Attribute(f.text())
	}
	if f, ok := n.need("value"); ok {
		v.Value = f.value()
	}
	n.close()
}

func (v *Load) read(n *node) {
	n.open()
	if f, ok := n.need("session"); ok {
		v.Session = f.text()
	}
	n.close()
}

func (v *Attach) read(n *node) {
	n.open()
	if f, ok := n.need("session"); ok {
		v.Session = f.text()
	}
	if f, ok := n.need("program"); ok {
		v.Program = f.text()
	}
	if f, ok := n.need("kind"); ok {
		v.Kind = f.text()
	}
	if f, ok := n.find("ifindex"); ok {
		v.Ifindex = f.integer()
	}
	if f, ok := n.find("path"); ok {
		v.Path = f.text()
	}
	if f, ok := n.find("mode"); ok {
		v.Mode = XDPMode(f.text())
	}
	if f, ok := n.find("by"); ok {
		v.By = XDPWay(f.text())
	}
	if f, ok := n.find("replaces"); ok {
		v.Replaces = f.text()
	}
	n.close()
}

func (v *Detach) read(n *node) {
	n.open()
	if f, ok := n.need("session"); ok {
		v.Session = f.text()
	}
	if f, ok := n.need("handle"); ok {
		v.Handle = f.text()
	}
	n.close()
}

func (v *Update) read(n *node) {
	n.open()
	if f, ok := n.need("session"); ok {
		v.Session = f.text()
	}
	if f, ok := n.need("handle"); ok {
		v.Handle = f.text()
	}
	if f, ok := n.need("program"); ok {
		v.Program = f.text()
	}
	if f, ok := n.find("expected"); ok {
		v.Expected = f.text()
	}
	n.close()
}

func (v *Pin) read(n *node) {
	n.open()
	if f, ok := n.need("session"); ok {
		v.Session = f.text()
	}
	if f, ok := n.need("target"); ok {
		v.Target = f.text()
	}
	if f, ok := n.need("name"); ok {
		v.Name = f.text()
	}
	if f, ok := n.need("path"); ok {
		v.Path = f.text()
	}
	n.close()
}

func (v *Unpin) read(n *node) {
	n.open()
	if f, ok := n.need("session"); ok {
		v.Session = f.text()
	}
	if f, ok := n.need("target"); ok {
		v.Target = f.text()
	}
	if f, ok := n.need("name"); ok {
		v.Name = f.text()
	}
	if f, ok := n.need("path"); ok {
		v.Path = f.text()
	}
	n.close()
}

func (v *Close) read(n *node) {
	n.open()
	if f, ok := n.need("session"); ok {
		v.Session = f.text()
	}
	n.close()
}

func (v *Link) read(n *node) {
	n.open()
	if f, ok := n.need("inputs"); ok {
		v.Inputs = make([]string, f.length())
		for i := range v.Inputs {
			e := f.element(i)
			v.Inputs[i] = e.text()
		}
	}
	if f, ok := n.need("output"); ok {
		v.Output = f.text()
	}
	n.close()
}

func (v *ChainAdd) read(n *node) {
	n.open()
	if f, ok := n.need("session"); ok {
		v.Session = f.text()
	}
	if f, ok := n.need("program"); ok {
		v.Program = f.text()
	}
	if f, ok := n.need("ifindex"); ok {
		v.Ifindex = f.integer()
	}
	if f, ok := n.find("mode"); ok {
		v.Mode = XDPMode(f.text())
	}
	if f, ok := n.find("priority"); ok {
		v.Priority = f.integer()
	}
	if f, ok := n.find("actions"); ok {
		v.Actions = make([]XDPAction, f.length())
		for i := range v.Actions {
			e := f.element(i)
			v.Actions[i] = XDPAction(e.text())
		}
	}
	n.close()
}

func (v *ChainLink) read(n *node) {
	n.open()
	if f, ok := n.need("ifindex"); ok {
		v.Ifindex = f.integer()
	}
	if f, ok := n.find("mode"); ok {
		v.Mode = XDPMode(f.text())
	}
	if f, ok := n.need("programs"); ok {
		v.Programs = make([]ChainPart, f.length())
		for i := range v.Programs {
			e := f.element(i)
			v.Programs[i].read(&e)
		}
	}
	n.close()
}

func (v *ChainRemove) read(n *node) {
	n.open()
	if f, ok := n.need("ifindex"); ok {
		v.Ifindex = f.integer()
	}
	if f, ok := n.find("id"); ok {
		v.ID = f.uint32()
	}
	n.close()
}

func (v *ChainClean) read(n *node) {
	n.open()
	if f, ok := n.need("ifindex"); ok {
		v.Ifindex = f.integer()
	}
	n.close()
}

func (v *Query) read(n *node) {
	n.open()
	if f, ok := n.find("session"); ok {
		v.Session = f.text()
	}
	if f, ok := n.need("what"); ok {
		v.What = f.text()
	}
	if f, ok := n.find("ifindex"); ok {
		v.Ifindex = f.integer()
	}
	n.close()
}

func (v *Reset) read(n *node) {
	n.open()
	n.close()
}

func (v *Bye) read(n *node) {
	n.open()
	n.close()
}

func (v *OK) read(n *node) {
	n.open()
	if f, ok := n.find("protocol"); ok {
		v.Protocol = f.integer()
	}
	if f, ok := n.find("loader"); ok {
		v.Loader = new(Identity)
		v.Loader.read(&f)
	}
	if f, ok := n.find("features"); ok {
		v.Features = map[Feature]Claim{}
		for _, key := range f.keys() {
			e := f.member(key)
			var one Claim
			one.read(&e)
			v.Features[Feature(key)] = one
		}
	}
	if f, ok := n.find("maps"); ok {
		v.Maps = make([]MapView, f.length())
		for i := range v.Maps {
			e := f.element(i)
			v.Maps[i].read(&e)
		}
	}
	if f, ok := n.find("programs"); ok {
		v.Programs = make([]ProgramView, f.length())
		for i := range v.Programs {
			e := f.element(i)
			v.Programs[i].read(&e)
		}
	}
	if f, ok := n.find("unknown"); ok {
		v.Unknown = make([]string, f.length())
		for i := range v.Unknown {
			e := f.element(i)
			v.Unknown[i] = e.text()
		}
	}
	if f, ok := n.find("id"); ok {
		v.ID = f.uint32()
	}
	if f, ok := n.find("handle"); ok {
		v.Handle = f.text()
	}
	if f, ok := n.find("link_id"); ok {
		v.LinkID = f.uint32()
	}
	if f, ok := n.find("answer"); ok {
		v.Answer = f.value()
	}
	n.close()
}

func (v *Unsupported) read(n *node) {
	n.open()
	if f, ok := n.need("feature"); ok {
		v.Feature = Feature(f.text())
	}
	if f, ok := n.find("reason"); ok {
		v.Reason = f.text()
	}
	if f, ok := n.find("issue"); ok {
		v.Issue = f.text()
	}
	n.close()
}

func (v *Rejected) read(n *node) {
	n.open()
	if f, ok := n.need("stage"); ok {
		v.Stage = Stage(f.text())
	}
	if f, ok := n.need("class"); ok {
		v.Class = Class(f.text())
	}
	if f, ok := n.find("errno"); ok {
		v.Errno = f.integer()
	}
	if f, ok := n.find("message"); ok {
		v.Message = f.text()
	}
	if f, ok := n.find("log"); ok {
		v.Log = f.text()
	}
	if f, ok := n.find("differs"); ok {
		v.Differs = make([]Difference, f.length())
		for i := range v.Differs {
			e := f.element(i)
			v.Differs[i].read(&e)
		}
	}
	n.close()
}

func (v *Error) read(n *node) {
	n.open()
	if f, ok := n.need("message"); ok {
		v.Message = f.text()
	}
	if f, ok := n.find("trace"); ok {
		v.Trace = f.text()
	}
	n.close()
}

func (v *Kernel) read(n *node) {
	n.open()
	if f, ok := n.need("release"); ok {
		v.Release = f.text()
	}
	if f, ok := n.need("arch"); ok {
		v.Arch = f.text()
	}
	n.close()
}

func (v *Dirs) read(n *node) {
	n.open()
	if f, ok := n.need("work"); ok {
		v.Work = f.text()
	}
	if f, ok := n.need("bpffs"); ok {
		v.BPFFS = f.text()
	}
	n.close()
}

func (v *MapAttributes) read(n *node) {
	n.open()
	if f, ok := n.need("type"); ok {
		v.Type = f.uint32()
	}
	if f, ok := n.need("key_size"); ok {
		v.KeySize = f.uint32()
	}
	if f, ok := n.need("value_size"); ok {
		v.ValueSize = f.uint32()
	}
	if f, ok := n.need("max_entries"); ok {
		v.MaxEntries = f.uint32()
	}
	if f, ok := n.find("map_flags"); ok {
		v.Flags = f.uint32()
	}
	if f, ok := n.find("map_extra"); ok {
		v.MapExtra = f.uint64()
	}
	if f, ok := n.find("numa_node"); ok {
		v.NumaNode = f.uint32()
	}
	n.close()
}

func (v *OpenOptions) read(n *node) {
	n.open()
	if f, ok := n.find("ignore_unknown_fields"); ok {
		v.IgnoreUnknownFields = f.truth()
	}
	if f, ok := n.find("pin_root"); ok {
		v.PinRoot = f.text()
	}
	if f, ok := n.find("map_layout"); ok {
		v.MapLayout = MapLayout(f.text())
	}
	if f, ok := n.find("pin_mount"); ok {
		v.PinMount = f.text()
	}
	if f, ok := n.find("pin_subdir"); ok {
		v.PinSubdir = f.text()
	}
	if f, ok := n.find("pin_ids"); ok {
		v.PinIDs = map[string]string{}
		for _, key := range f.keys() {
			e := f.member(key)
			v.PinIDs[key] = e.text()
		}
	}
	if f, ok := n.find("kconfig"); ok {
		v.Kconfig = f.text()
	}
	if f, ok := n.find("token_path"); ok {
		v.TokenPath = f.text()
	}
	if f, ok := n.find("kernel_types"); ok {
		v.KernelTypes = f.text()
	}
	if f, ok := n.find("extra_types"); ok {
		v.ExtraTypes = make([]string, f.length())
		for i := range v.ExtraTypes {
			e := f.element(i)
			v.ExtraTypes[i] = e.text()
		}
	}
	if f, ok := n.find("handlers"); ok {
		v.Handlers = make([]Handler, f.length())
		for i := range v.Handlers {
			e := f.element(i)
			v.Handlers[i] = Handler(e.text())
		}
	}
	n.close()
}

func (v *ChainPart) read(n *node) {
	n.open()
	if f, ok := n.need("session"); ok {
		v.Session = f.text()
	}
	if f, ok := n.need("program"); ok {
		v.Program = f.text()
	}
	if f, ok := n.find("priority"); ok {
		v.Priority = f.integer()
	}
	if f, ok := n.find("actions"); ok {
		v.Actions = make([]XDPAction, f.length())
		for i := range v.Actions {
			e := f.element(i)
			v.Actions[i] = XDPAction(e.text())
		}
	}
	n.close()
}

func (v *Identity) read(n *node) {
	n.open()
	if f, ok := n.need("name"); ok {
		v.Name = f.text()
	}
	if f, ok := n.need("version"); ok {
		v.Version = f.text()
	}
	if f, ok := n.find("language"); ok {
		v.Language = f.text()
	}
	if f, ok := n.find("homepage"); ok {
		v.Homepage = f.text()
	}
	if f, ok := n.find("issues"); ok {
		v.Issues = f.text()
	}
	if f, ok := n.find("components"); ok {
		v.Components = map[string]string{}
		for _, key := range f.keys() {
			e := f.member(key)
			v.Components[key] = e.text()
		}
	}
	n.close()
}

func (v *Claim) read(n *node) {
	n.open()
	if f, ok := n.need("support"); ok {
		v.Support = Support(f.text())
	}
	if f, ok := n.find("reason"); ok {
		v.Reason = f.text()
	}
	if f, ok := n.find("issue"); ok {
		v.Issue = f.text()
	}
	n.close()
}

func (v *MapView) read(n *node) {
	n.open()
	if f, ok := n.need("name"); ok {
		v.Name = f.text()
	}
	if f, ok := n.find("id"); ok {
		v.ID = f.uint32()
	}
	n.close()
}

func (v *ProgramView) read(n *node) {
	n.open()
	if f, ok := n.need("name"); ok {
		v.Name = f.text()
	}
	if f, ok := n.find("section"); ok {
		v.Section = f.text()
	}
	if f, ok := n.find("id"); ok {
		v.ID = f.uint32()
	}
	n.close()
}

func (v *Difference) read(n *node) {
	n.open()
	if f, ok := n.need("attribute"); ok {
		v.Attribute = Attribute(f.text())
	}
	if f, ok := n.need("pinned"); ok {
		v.Pinned = f.uint64()
	}
	if f, ok := n.need("defined"); ok {
		v.Defined = f.uint64()
	}
	n.close()
}

// missing returns the field that the reply ok to a request must hold and does not, or nothing.
func (v *OK) missing(op Op) string {
	switch op {
	case OpHello:
		switch {
		case v.Protocol < 1:
			return "protocol"
		case v.Loader == nil:
			return "loader"
		}
	case OpCreate:
		switch {
		case v.ID < 1:
			return "id"
		}
	case OpAttach:
		switch {
		case v.Handle == "":
			return "handle"
		}
	case OpChainAdd:
		switch {
		case len(v.Programs) == 0:
			return "programs"
		}
	case OpChainLink:
		switch {
		case len(v.Programs) == 0:
			return "programs"
		}
	case OpQuery:
		switch {
		case v.Answer == nil:
			return "answer"
		}
	}
	return ""
}

// rejectable reports whether a request has input that a loader can reject.
func rejectable(op Op) bool {
	switch op {
	case OpHello, OpReset, OpBye:
		return false
	}
	return true
}

// flaw returns what is wrong with a reply whose fields are all of the right type, or nothing: the
// rules of the schema that no Go type says.
func flaw(reply Reply) string {
	switch r := reply.(type) {
	case *OK:
		return r.flaw()
	case *Unsupported:
		return r.flaw()
	case *Rejected:
		return r.flaw()
	}
	return ""
}

func (v *OK) flaw() string {
	if v.Protocol < 0 {
		return fmt.Sprintf("protocol is %d, want 0 or more", v.Protocol)
	}
	if v.Loader != nil {
		if f := v.Loader.flaw(); f != "" {
			return "loader." + f
		}
	}
	for _, key := range slices.Sorted(maps.Keys(v.Features)) {
		one := v.Features[key]
		if f := one.flaw(); f != "" {
			return fmt.Sprintf("features.%s.%s", key, f)
		}
	}
	for i := range v.Maps {
		if f := v.Maps[i].flaw(); f != "" {
			return fmt.Sprintf("maps[%d].%s", i, f)
		}
	}
	for i := range v.Programs {
		if f := v.Programs[i].flaw(); f != "" {
			return fmt.Sprintf("programs[%d].%s", i, f)
		}
	}
	return ""
}

func (v *Unsupported) flaw() string {
	if v.Feature == "" {
		return "feature is empty"
	}
	return ""
}

func (v *Rejected) flaw() string {
	if !wellFormed(string(v.Stage), stageRoots) {
		return fmt.Sprintf("stage is %q", v.Stage)
	}
	if !wellFormed(string(v.Class), classRoots) {
		return fmt.Sprintf("class is %q", v.Class)
	}
	if v.Errno < 0 || v.Errno > 4095 {
		return fmt.Sprintf("errno is %d, want 0 to 4095", v.Errno)
	}
	return ""
}

func (v *Identity) flaw() string {
	if v.Name == "" {
		return "name is empty"
	}
	if !isVersion(v.Version) {
		return fmt.Sprintf("version is %q, want one that does not move, a number first", v.Version)
	}
	return ""
}

func (v *Claim) flaw() string {
	switch v.Support {
	case Yes, No, Partial, KernelDependent:
	default:
		return fmt.Sprintf("support is %q", v.Support)
	}
	return ""
}

func (v *MapView) flaw() string {
	if v.Name == "" {
		return "name is empty"
	}
	return ""
}

func (v *ProgramView) flaw() string {
	if v.Name == "" {
		return "name is empty"
	}
	return ""
}

// exact reports whether the text of a message reads back as the message, but for strings that are
// no UTF-8. A value of any type does not (JSON has one kind of number), nor does a required list
// that is nil, which is null.
func exact(message any) bool {
	switch m := message.(type) {
	case Hello:
		return m.Protocols != nil
	case Set:
		return exactValue(m.Value, false)
	case Link:
		return m.Inputs != nil
	case ChainLink:
		return m.Programs != nil
	case *OK:
		return exactValue(m.Answer, true)
	case Create, Open, Load, Attach, Detach, Update, Pin, Unpin, Close, ChainAdd, ChainRemove, ChainClean, Query, Reset, Bye, *Unsupported, *Rejected, *Error:
		return true
	}
	return false // of no version
}
