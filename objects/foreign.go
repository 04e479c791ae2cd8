// SPDX-License-Identifier: Apache-2.0

package objects

// ForeignOrder holds mapdefs/counter.bpf.c as it is built for machines of the other byte order. A
// loader has to refuse it. An edit of a native object cannot replace it: header, instructions, BTF
// and relocations all change with the byte order, and a loader would refuse an object in which only
// some of them do as malformed. So the compiler's own build is embedded, as the one file of the
// other byte order.
var ForeignOrder = Object{folder: "mapdefs", source: "counter", name: "counter", foreign: true}
