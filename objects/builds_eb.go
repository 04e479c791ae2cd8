// SPDX-License-Identifier: Apache-2.0

//go:build mips || mips64 || ppc64 || s390x

package objects

import "embed"

// builds are the objects of this machine's byte order, and one of the other's to be refused.
//
//go:embed mapdefs/eb/*.o maptypes/eb/*.o mapinmap/eb/*.o numa/eb/*.o pinning/eb/*.o mapdefs/el/counter.o
var builds embed.FS

const (
	nativeOrder  = "eb"
	foreignOrder = "el"
)
