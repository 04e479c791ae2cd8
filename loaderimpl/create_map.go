// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"fmt"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// CreateMap makes one map without an object. The map is the caller's to [Pin] and to close.
//
// The attributes go to the kernel as they stand: an object is for any machine, and a load puts
// right what this one needs; here the caller asks this kernel. Of the name the kernel keeps 15
// bytes.
//
// For a map of maps without a template, and for any other map with one, the error is of
// [ClassDefinition].
func CreateMap(name string, a Attributes, opts CreateOptions) (*ebpf.Map, error) {
	made, err := createByAttributes(name, mapdef.Attributes(a), opts)
	return made, export("", refuse.At(refuse.StageCreate, "", name, err))
}

// CreateOptions change how [CreateMap] makes a map.
type CreateOptions struct {
	// Template shows what the maps in a map of maps look like. It is not put in and stays the
	// caller's.
	Template *ebpf.Map

	// TokenPath is that of [LoadOptions].
	TokenPath string
}

func createByAttributes(name string, a mapdef.Attributes, opts CreateOptions) (*ebpf.Map, error) {
	attr, template := asDefined(name, a), opts.Template
	switch {
	case mapdef.HoldsMaps(a.Type) != (template != nil):
		return nil, fmt.Errorf("a template, and only for a map of maps: %w", refuse.ErrInner)
	case template != nil:
		attr.InnerMapFD = uint32(template.FD())
	}
	sys.RaiseMemlock()
	token, err := openToken(opts.TokenPath)
	if err != nil {
		return nil, err
	}
	defer token.close()
	fd, err := sys.CreateMap(attr, token.descriptor())
	if err != nil {
		return nil, explainCreate(err, &attr, token)
	}
	made, err := ebpf.NewMapFromFD(fd) // which closes it if it fails
	if err != nil {
		return nil, fmt.Errorf("inspect new map: %w", err)
	}
	return made, nil
}
