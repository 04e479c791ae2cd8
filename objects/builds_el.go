// SPDX-License-Identifier: Apache-2.0

//go:build 386 || amd64 || arm || arm64 || loong64 || mipsle || mips64le || ppc64le || riscv64

package objects

import "embed"

// builds are the objects of this machine's byte order, and one of the other's to be refused.
//
//go:embed mapdefs/el/*.o maptypes/el/*.o mapinmap/el/*.o numa/el/*.o pinning/el/*.o mapdefs/eb/counter.o
var builds embed.FS

const (
	nativeOrder  = "el"
	foreignOrder = "eb"
)
