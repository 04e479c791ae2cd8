// SPDX-License-Identifier: Apache-2.0

// Package libbpf carries the driver for libbpf: driver.c with its headers, which speaks the loader
// protocol, and loader.yaml with its versions. Any driver in C can copy json.h and protocol.h.
// Package bundle compiles it against the libbpf of each version's suite.
package libbpf

import "embed"

// Source holds the manifest's folder.
//
//go:embed loader.yaml driver.c *.h
var Source embed.FS
