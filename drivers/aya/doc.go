// SPDX-License-Identifier: Apache-2.0

// Package aya carries the driver for aya, a loader in Rust: driver.rs, which speaks the loader
// protocol, and loader.yaml. Package bundle compiles it with the compiler and the crates of
// Debian's packages.
package aya

import "embed"

// Source holds the manifest's folder.
//
//go:embed loader.yaml driver.rs
var Source embed.FS
