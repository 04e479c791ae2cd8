// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
)

// A reading collects what reading one message finds. After its first error nothing more is read.
type reading struct {
	err     error
	unknown []string // keys that the message has no field for, as "ok.maps[0].colour"
}

// root returns the value of a message that everything else of it is in.
func (r *reading) root(name string, tree any) *node { return &node{in: r, name: name, tree: tree} }

// A node holds one value of a message, and knows the path to it.
type node struct {
	in    *reading
	up    *node  // the object or array that it is in; nil for the root
	name  string // in an object; the root's
	index int    // in an array, where name is empty
	tree  any

	fields map[string]any // of an object that is open; those that were read are gone from it
}

// path returns where the value stands, as "ok.maps[0].name".
func (n *node) path() string {
	switch {
	case n.up == nil:
		return n.name
	case n.name == "":
		return fmt.Sprintf("%s[%d]", n.up.path(), n.index)
	}
	return n.up.path() + "." + n.name
}

// want reports that the value is not what it should be.
func (n *node) want(what string) {
	if n.in.err != nil {
		return
	}
	text, err := json.Marshal(n.tree)
	if err != nil {
		text = fmt.Appendf(nil, "%v", n.tree)
	}
	n.in.err = fmt.Errorf("%w: %s is %s, want %s", ErrSchema, n.path(), excerpt(text), what)
}

// ---- objects ----

// open begins to read an object.
func (n *node) open() {
	object, ok := n.tree.(map[string]any)
	if !ok {
		n.want("an object")
		return
	}
	n.fields = object
}

// find takes a field from an open object, and reports whether it is there.
func (n *node) find(name string) (node, bool) {
	value, found := n.fields[name]
	if !found || n.in.err != nil {
		return node{}, false
	}
	delete(n.fields, name)
	return node{in: n.in, up: n, name: name, tree: value}, true
}

// need takes a field that has to be there.
func (n *node) need(name string) (node, bool) {
	field, found := n.find(name)
	if !found && n.in.err == nil {
		n.in.err = fmt.Errorf("%w: %s.%s is missing", ErrSchema, n.path(), name)
	}
	return field, found
}

// close notes the fields that were not read.
func (n *node) close() {
	if n.in.err != nil {
		return
	}
	for name := range n.fields {
		n.in.unknown = append(n.in.unknown, n.path()+"."+name)
	}
}

// keys returns the keys of an object that may have any, in their order.
func (n *node) keys() []string {
	object, ok := n.tree.(map[string]any)
	if !ok {
		n.want("an object")
	}
	return slices.Sorted(maps.Keys(object))
}

// member returns the value of one of [node.keys].
func (n *node) member(key string) node {
	return node{in: n.in, up: n, name: key, tree: n.tree.(map[string]any)[key]}
}

// ---- arrays ----

// length returns the number of elements of an array.
func (n *node) length() int {
	array, ok := n.tree.([]any)
	if !ok {
		n.want("an array")
	}
	return len(array)
}

// element returns one element of an array.
func (n *node) element(i int) node {
	return node{in: n.in, up: n, index: i, tree: n.tree.([]any)[i]}
}

// ---- scalars ----

func (n *node) text() string {
	text, ok := n.tree.(string)
	if !ok {
		n.want("a string")
	}
	return text
}

func (n *node) truth() bool {
	truth, ok := n.tree.(bool)
	if !ok {
		n.want("true or false")
	}
	return truth
}

func (n *node) integer() int {
	number, ok := whole(n.tree)
	if !ok {
		n.want("a whole number")
	}
	return int(number)
}

func (n *node) uint32() uint32 {
	number := n.integer()
	if number < 0 || number > math.MaxUint32 {
		n.want("a number of 32 bits")
		return 0
	}
	return uint32(number)
}

func (n *node) uint64() uint64 {
	if number, ok := n.tree.(json.Number); ok {
		if u, err := strconv.ParseUint(string(number), 10, 64); err == nil {
			return u
		}
	}
	number := n.integer()
	if number < 0 {
		n.want("a number of 64 bits")
		return 0
	}
	return uint64(number)
}

// value returns anything but null, with its numbers as float64.
func (n *node) value() any {
	value, err := floats(n.tree)
	if err != nil || value == nil {
		n.want("a value")
		return nil
	}
	return value
}

// whole returns the tree as a whole number. JSON has one kind of number, so 1.0 is 1.
func whole(tree any) (int64, bool) {
	number, ok := tree.(json.Number)
	if !ok {
		return 0, false
	}
	if n, err := strconv.ParseInt(string(number), 10, 64); err == nil {
		return n, true
	}
	f, err := number.Float64()
	return int64(f), err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53
}

// floats returns the tree with its numbers as float64, as encoding/json reads into an any.
func floats(tree any) (any, error) {
	switch t := tree.(type) {
	case json.Number:
		return t.Float64()
	case []any:
		for i := range t {
			var err error
			if t[i], err = floats(t[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for key := range t {
			var err error
			if t[key], err = floats(t[key]); err != nil {
				return nil, err
			}
		}
	}
	return tree, nil
}
