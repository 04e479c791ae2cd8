// SPDX-License-Identifier: Apache-2.0

//go:build 386 || amd64 || arm || arm64 || loong64 || mipsle || mips64le || ppc64le || riscv64

package objects

import "embed"

// nativeOrder names the folders of the builds in this machine's byte order.
const nativeOrder = "el"

// builds holds the objects in this machine's byte order.
//
//go:embed */el/*.o
var builds embed.FS

// foreignBuild holds the one object in the other byte order, for [ForeignOrder].
//
//go:embed mapdefs/eb/counter.o
var foreignBuild []byte
