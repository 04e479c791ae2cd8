// SPDX-License-Identifier: Apache-2.0

package objects

// ForeignOrder is mapdefs/counter.bpf.c built for machines of the other byte order.
var ForeignOrder = Object{folder: "mapdefs", name: "counter", order: foreignOrder}
