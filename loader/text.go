// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/loadstone-bpf/loadstone/loader/jsonline"
)

// What each request and reply is as text, field by field, in the order of its struct and under the names of its tags: see package jsonline for why
// it is written down and not left to encoding/json.

// requestFields writes the fields of a request. The error is about a value that cannot be JSON.
func requestFields(l *jsonline.Line, req Request) error {
	switch r := req.(type) {
	case Hello:
		r.fields(l)
	case Create:
		l.Text("name", r.Name)
		l.Object("map", r.Map.fields)
		l.TextIfAny("inner_map", r.InnerMap)
		l.Text("path", r.Path)
	case Open:
		l.Text("session", r.Session)
		l.Text("object", r.Object)
		l.Object("options", r.Options.fields)
	case Set:
		return r.fields(l)
	case Load:
		l.Text("session", r.Session)
	case Attach:
		l.Text("session", r.Session)
		l.Text("program", r.Program)
		l.Text("kind", r.Kind)
		l.NumberIfAny("ifindex", int64(r.Ifindex))
		l.TextIfAny("path", r.Path)
	case Detach:
		l.Text("session", r.Session)
		l.Text("handle", r.Handle)
	case Pin:
		pinFields(l, r.Session, r.Target, r.Name, r.Path)
	case Unpin:
		pinFields(l, r.Session, r.Target, r.Name, r.Path)
	case Close:
		l.Text("session", r.Session)
	case Link:
		jsonline.Texts(l, "inputs", r.Inputs)
		l.Text("output", r.Output)
	case Query:
		l.TextIfAny("session", r.Session)
		l.Text("what", r.What)
	case Reset, Bye:
	default:
		return otherFields(l, req)
	}
	return nil
}

// otherFields writes the fields of a request that no version has: the check of drivers asks for such.
func otherFields(l *jsonline.Line, req Request) error {
	body, err := json.Marshal(req)
	if err != nil {
		return err
	}
	inner, ok := bytes.CutPrefix(body, []byte("{"))
	if !ok {
		return fmt.Errorf("%T is no object in JSON", req)
	}
	l.Fields(inner[:len(inner)-1])
	return nil
}

func (r Hello) fields(l *jsonline.Line) {
	l.Key("protocols")
	jsonline.Each(l, r.Protocols, func(version int) { *l = strconv.AppendInt(*l, int64(version), 10) })
	l.Text("suite", r.Suite)
	l.Object("kernel", func(l *jsonline.Line) {
		l.Text("release", r.Kernel.Release)
		l.Text("arch", r.Kernel.Arch)
	})
	l.Object("dirs", func(l *jsonline.Line) {
		l.Text("work", r.Dirs.Work)
		l.Text("bpffs", r.Dirs.BPFFS)
	})
}

func (m MapAttributes) fields(l *jsonline.Line) {
	l.Number("type", int64(m.Type))
	l.Number("key_size", int64(m.KeySize))
	l.Number("value_size", int64(m.ValueSize))
	l.Number("max_entries", int64(m.MaxEntries))
	l.NumberIfAny("map_flags", int64(m.Flags))
	if m.MapExtra != 0 {
		l.Unsigned("map_extra", m.MapExtra)
	}
	l.NumberIfAny("numa_node", int64(m.NumaNode))
}

func (o OpenOptions) fields(l *jsonline.Line) {
	l.TrueIfSo("ignore_unknown_fields", o.IgnoreUnknownFields)
	l.TextIfAny("pin_root", o.PinRoot)
	l.TextIfAny("map_layout", string(o.MapLayout))
	l.TextIfAny("pin_mount", o.PinMount)
	l.TextIfAny("pin_subdir", o.PinSubdir)
	jsonline.TextMap(l, "pin_ids", o.PinIDs)
	if len(o.Handlers) > 0 {
		jsonline.Texts(l, "handlers", o.Handlers)
	}
}

func (r Set) fields(l *jsonline.Line) error {
	l.Text("session", r.Session)
	l.Text("target", r.Target)
	l.Text("name", r.Name)
	l.Text("attribute", string(r.Attr))
	switch v := r.Value.(type) {
	case string:
		l.Text("value", v)
	case bool:
		l.JSON("value", strconv.AppendBool(nil, v))
	case int:
		l.Number("value", int64(v))
	default:
		value, err := json.Marshal(v)
		if err != nil {
			return err
		}
		l.JSON("value", value)
	}
	return nil
}

func pinFields(l *jsonline.Line, session, target, name, path string) {
	l.Text("session", session)
	l.Text("target", target)
	l.Text("name", name)
	l.Text("path", path)
}

// replyFields writes the fields of a reply. The error is about an answer that cannot be JSON.
func replyFields(l *jsonline.Line, reply Reply) error {
	switch r := reply.(type) {
	case *OK:
		return r.fields(l)
	case *Unsupported:
		l.Text("feature", string(r.Feature))
		l.TextIfAny("reason", r.Reason)
		l.TextIfAny("issue", r.Issue)
	case *Rejected:
		l.Text("stage", string(r.Stage))
		l.Text("class", string(r.Class))
		l.NumberIfAny("errno", int64(r.Errno))
		l.TextIfAny("message", r.Message)
		l.TextIfAny("log", r.Log)
		if len(r.Differs) > 0 {
			jsonline.Objects(l, "differs", r.Differs, func(l *jsonline.Line, d Difference) {
				l.Text("attribute", string(d.Attribute))
				l.Unsigned("pinned", d.Pinned)
				l.Unsigned("defined", d.Defined)
			})
		}
	case *Error:
		l.Text("message", r.Message)
		l.TextIfAny("trace", r.Trace)
	}
	return nil
}

func (r *OK) fields(l *jsonline.Line) error {
	l.NumberIfAny("protocol", int64(r.Protocol))
	if r.Loader != nil {
		l.Object("loader", r.Loader.fields)
	}
	if len(r.Features) > 0 {
		jsonline.Map(l, "features", r.Features, func(c Claim) { c.object(l) })
	}
	if len(r.Maps) > 0 {
		jsonline.Objects(l, "maps", r.Maps, func(l *jsonline.Line, m MapView) {
			l.Text("name", m.Name)
			l.NumberIfAny("id", int64(m.ID))
		})
	}
	if len(r.Programs) > 0 {
		jsonline.Objects(l, "programs", r.Programs, func(l *jsonline.Line, p ProgramView) {
			l.Text("name", p.Name)
			l.TextIfAny("section", p.Section)
			l.NumberIfAny("id", int64(p.ID))
		})
	}
	if len(r.Unknown) > 0 {
		jsonline.Texts(l, "unknown", r.Unknown)
	}
	l.NumberIfAny("id", int64(r.ID))
	l.TextIfAny("handle", r.Handle)
	l.NumberIfAny("link_id", int64(r.LinkID))
	if r.Answer == nil {
		return nil
	}
	answer, err := json.Marshal(r.Answer)
	if err != nil {
		return err
	}
	l.JSON("answer", answer)
	return nil
}

func (i *Identity) fields(l *jsonline.Line) {
	l.Text("name", i.Name)
	l.Text("version", i.Version)
	l.TextIfAny("language", i.Language)
	l.TextIfAny("homepage", i.Homepage)
	l.TextIfAny("issues", i.Issues)
	jsonline.TextMap(l, "components", i.Components)
}

func (c Claim) object(l *jsonline.Line) {
	l.Open()
	l.Text("support", string(c.Support))
	l.TextIfAny("reason", c.Reason)
	l.TextIfAny("issue", c.Issue)
	l.Close()
}
