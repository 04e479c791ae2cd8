// SPDX-License-Identifier: Apache-2.0

// Package libbpfrs carries the driver for libbpf-rs, the bindings of libbpf for Rust: driver.rs,
// which speaks the loader protocol, and loader.yaml. Package bundle compiles it with the compiler
// and the crates of Debian's packages, and adds the libbpf of the same Debian.
package libbpfrs

import "embed"

// Source holds the manifest's folder.
//
//go:embed loader.yaml driver.rs
var Source embed.FS
