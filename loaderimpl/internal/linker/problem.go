// SPDX-License-Identifier: Apache-2.0

package linker

import (
	"fmt"
	"strings"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// problems collect what is wrong, so that a programmer sees all of it at once.
type problems []*refuse.Error

// add notes an error about an object; a nil error is none.
func (p *problems) add(o *object, section, symbol string, err error) {
	if err == nil {
		return
	}
	e := refuse.Locate(refuse.StageLink, section, symbol, err)
	e.Stage, e.Object = refuse.StageLink, o.name
	*p = append(*p, e)
}

// err returns all that was noted as one error, nil for nothing. Its class is the first one's.
func (p problems) err() error {
	switch len(p) {
	case 0:
		return nil
	case 1:
		return p[0]
	}
	return &refuse.Error{Stage: refuse.StageLink, Class: p[0].Class, Err: Several(p)}
}

// Several holds what is wrong where it is more than one thing.
type Several []*refuse.Error

// Error returns one line for each.
func (s Several) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d errors", len(s))
	for _, e := range s {
		b.WriteString("\n\t")
		b.WriteString(e.Error())
	}
	return b.String()
}

// Unwrap returns each.
func (s Several) Unwrap() []error {
	list := make([]error, len(s))
	for i, e := range s {
		list[i] = e
	}
	return list
}
