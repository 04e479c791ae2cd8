// SPDX-License-Identifier: Apache-2.0

package objects

// ForeignOrder is mapdefs/counter.bpf.c built for machines of the other byte order, which a loader has to refuse. No edit makes it: header,
// instructions, BTF and relocations all change, and an object that is foreign in some of them only would be refused for being malformed. So the
// compiler's own build is embedded, as the one file of the other byte order.
var ForeignOrder = Object{folder: "mapdefs", source: "counter", name: "counter", foreign: true}
