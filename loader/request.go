// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"math"
	"slices"
)

// An Op names a request on the wire.
type Op string

// A Request asks one thing of a loader. Its types, from [Hello] to [Bye], are those of
// messages.yaml in protocol, and there are no others.
type Request interface{ Op() Op }

// Ops returns the operations of [Version], in alphabetical order.
func Ops() []Op { return slices.Clone(ops) }

// A MapLayout says what the structs of section maps are.
type MapLayout string

// A Handler names a handler that a driver of a loader with callbacks registers with it. What each
// does is laid down in docs/loader-protocol.md, so that the kernel can be asked whether it was
// called.
type Handler string

// An Attribute names what [Set] changes, what [MapAttributes] has, and what a [Difference] is in.
// [MapType], [KeySize] and [ValueSize] cannot be set. A difference in what the elements of a map of
// maps look like has inner_map. in front of the attribute.
type Attribute string

// An XDPMode says how an interface runs a program.
type XDPMode string

// An XDPWay says what holds a program on an interface.
type XDPWay string

// An XDPAction names what an XDP program can say about a packet.
type XDPAction string

// Uint32 returns the value as a number of 32 bits, as most attributes are. On the wire numbers are
// JSON's, so a Go driver sees a float64.
func (s Set) Uint32() (uint32, bool) {
	f, ok := s.Value.(float64)
	if n, isInt := s.Value.(int); isInt {
		f, ok = float64(n), true
	}
	return uint32(f), ok && f >= 0 && f <= math.MaxUint32 && f == math.Trunc(f)
}
