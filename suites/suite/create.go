// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/loadstone-bpf/loadstone/loader"
)

// Create asks the loader for a map without an object, pinned at a path in the driver's root. The
// map is asked for under its name: [Attempt.MapID], [Attempt.Map]. A map that the loader made is
// the control of those that it has to refuse.
func (c *Conversation) Create(m NewMap) *Attempt {
	a := &Attempt{
		session: c.session, in: c.talk,
		object: fmt.Sprintf("map %q of type %d", m.Name, m.Map.Type),
	}
	a.ask(m)
	a.mustHaveActed()
	return a
}

// MustCreate does what [Conversation.Create] does, for a map that has to be made. A refusal ends
// the spec as it does in [Conversation.MustLoad].
func (c *Conversation) MustCreate(m NewMap) *Attempt {
	a := c.Create(m)
	a.mustBeOK()
	return a
}

// createdID returns the id that the loader gave for the map that it made without an object.
func (a *Attempt) createdID(asked NewMap, name string) uint32 {
	a.mustBeOK()
	if name != asked.Name {
		a.session.exec.Broken("the map that was asked for is %s, not %s", asked.Name, name)
	}
	return a.Reply.(*loader.OK).ID
}

// attributeNames lists what a request for a map says of it that a loader may not know, as it is
// named on the wire.
func attributeNames(m NewMap) []string {
	set := map[string]any{}
	text, err := json.Marshal(m.Map)
	if err == nil {
		err = json.Unmarshal(text, &set)
	}
	if err != nil {
		panic(fmt.Sprintf("suite: attributes of a map: %v", err)) // they were on the wire already
	}
	all := slices.Collect(maps.Keys(set))
	if m.InnerMap != "" {
		all = append(all, string(loader.InnerMap))
	}
	return all
}
