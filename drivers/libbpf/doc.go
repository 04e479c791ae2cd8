// SPDX-License-Identifier: Apache-2.0

// Package libbpf carries the driver for libbpf: driver.c with its headers, which speaks the loader
// protocol (json.h any driver in C can take along), and loader.yaml, which says which versions
// there are. Package bundle compiles it against the libbpf of each version's suite.
package libbpf

import "embed"

// Source holds the manifest's folder.
//
//go:embed loader.yaml driver.c *.h
var Source embed.FS
