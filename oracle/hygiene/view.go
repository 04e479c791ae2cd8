// SPDX-License-Identifier: Apache-2.0

package hygiene

import "bytes"

// A view looks at one part of the kernel.
type view interface {
	// read appends what it sees to b. Bytes that equal those of another look mean that nothing
	// that counts is different; different bytes need not mean that something is.
	read(b []byte) ([]byte, error)

	// things returns what the bytes of a look say.
	things(seen []byte) ([]thing, error)

	// keeps returns the descriptors that the view keeps open, for the watch to close.
	keeps() []int
}

// A compared is a view with what it saw at the beginning.
type compared struct {
	view
	name   string // for errors
	before []byte
	same   []byte // other bytes that said the same when they were last taken apart
	things []thing
	held   counts // of things
}

// counts holds numbers of things, by the place of their kind in [Kinds].
type counts []int

// count adds things to counts.
func (c counts) count(things []thing) {
	for _, t := range things {
		for i, kind := range Kinds {
			if kind == t.kind {
				c[i]++
			}
		}
	}
}

// begin takes how things are now.
func (c *compared) begin() error {
	seen, err := c.view.read(nil)
	if err != nil || c.things != nil && bytes.Equal(seen, c.before) {
		return err
	}
	if c.things, err = c.view.things(seen); err != nil {
		return err
	}
	c.before, c.same, c.held = seen, nil, make(counts, len(Kinds))
	c.held.count(c.things)
	return nil
}

// look adds what there is to held, and returns what differs. It reads into b, and returns it.
func (c *compared) look(b []byte, held counts) ([]byte, []Change, error) {
	seen, err := c.view.read(b[:0])
	if err != nil {
		return b, nil, err
	}
	if bytes.Equal(seen, c.before) || c.same != nil && bytes.Equal(seen, c.same) {
		for i, n := range c.held {
			held[i] += n
		}
		return seen, nil, nil
	}
	things, err := c.view.things(seen)
	if err != nil {
		return seen, nil, err
	}
	held.count(things)
	changes := differences(c.things, things)
	if len(changes) == 0 {
		c.same = append(c.same[:0], seen...)
	}
	return seen, changes, nil
}
