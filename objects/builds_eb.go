// SPDX-License-Identifier: Apache-2.0

//go:build mips || mips64 || ppc64 || s390x

package objects

import "embed"

// nativeOrder names the folders of the builds in this machine's byte order.
const nativeOrder = "eb"

// builds holds the objects in this machine's byte order.
//
//go:embed */eb/*.o
var builds embed.FS

// foreignBuild holds the one object in the other byte order, for [ForeignOrder].
//
//go:embed mapdefs/el/counter.o
var foreignBuild []byte
