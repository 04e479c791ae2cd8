// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/loadstone-bpf/loadstone/loader"
)

// words lists what the last request has that a loader may not know, as docs/loader-protocol.md has
// a loader name it where it is no feature: the operation, attribute, kind or option. To open and to
// load is what every loader is for. One that does both in one step comes to the options when it
// loads.
func (a *Attempt) words() []string {
	switch r := a.last.(type) {
	case loader.Set:
		return []string{
			string(r.Op()), string(r.Attr), string(r.Op()) + "/" + string(r.Attr), r.Target,
		}
	case loader.Attach:
		all := []string{string(r.Op()), r.Kind, string(r.Op()) + "/" + r.Kind}
		for _, field := range []struct{ name, value string }{
			{"mode", string(r.Mode)}, {"by", string(r.By)}, {"replaces", r.Replaces},
		} {
			if field.value != "" {
				all = append(all, field.name)
			}
		}
		return all
	case loader.ChainAdd:
		all := []string{string(r.Op()), string(loader.XDPChain)}
		for name, asked := range map[string]bool{
			"mode": r.Mode != "", "priority": r.Priority != 0, "actions": len(r.Actions) > 0,
		} {
			if asked {
				all = append(all, name)
			}
		}
		return all
	case loader.ChainLink:
		return []string{string(r.Op()), string(loader.XDPLinkedChain)}
	case loader.ChainRemove, loader.ChainClean:
		return []string{string(r.Op()), string(loader.XDPChain)}
	case loader.Update:
		if r.Expected != "" {
			return []string{string(r.Op()), "expected"}
		}
		return []string{string(r.Op())}
	case loader.Detach:
		return []string{string(r.Op())}
	case loader.Link:
		return []string{string(r.Op())}
	case loader.Query:
		all := []string{string(r.Op()), r.What, string(r.Op()) + "/" + r.What}
		if r.What == "chain" {
			all = append(all, string(loader.XDPChain))
		}
		return all
	case loader.Create:
		return attributeNames(r)
	case loader.Pin:
		return []string{string(r.Op()), r.Target, string(r.Op()) + "/" + r.Target}
	case loader.Unpin:
		return []string{string(r.Op()), r.Target, string(r.Op()) + "/" + r.Target}
	case loader.Open:
		return optionNames(a.options)
	case loader.Load:
		if a.session.Claims(loader.OneStep) {
			return optionNames(a.options)
		}
	}
	return nil
}

// optionNames lists the options that are set, as they are named on the wire.
func optionNames(options loader.OpenOptions) []string {
	text, err := json.Marshal(options)
	set := map[string]any{}
	if err == nil {
		err = json.Unmarshal(text, &set)
	}
	if err != nil {
		panic(fmt.Sprintf("suite: options of open: %v", err)) // they were on the wire already
	}
	return slices.Collect(maps.Keys(set))
}
