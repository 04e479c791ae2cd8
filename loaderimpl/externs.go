// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/externs"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// findExterns lists what the object expects the kernel to have, reads the values that the caller
// gives, and adds the map that holds them. It asks no kernel for anything.
func (o *Object) findExterns(defs []*mapdef.Definition, kconfig string) (
	[]*mapdef.Definition, error) {
	var err error
	if o.externs, err = externs.Find(o.file, o.types); err != nil {
		return nil, err
	}
	o.config = o.externs.NewConfig(o.file.Order)
	if err := o.config.ReadUser(kconfig); err != nil {
		return nil, refuse.At(refuse.StageResolve, externs.ConfigSection, "", err)
	}
	if o.externs.ConfigSize > 0 {
		defs = mapdef.AddKconfig(defs, o.externs.ConfigSize, o.externs.ConfigType)
	}
	return defs, nil
}
