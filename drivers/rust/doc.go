// SPDX-License-Identifier: Apache-2.0

// Package rust carries protocol.rs, which speaks the loader protocol for drivers in Rust: what package loader is to drivers in Go. Package bundle
// compiles it along with each.
package rust

import _ "embed" // the directive

// Protocol is the text of protocol.rs.
//
//go:embed protocol.rs
var Protocol []byte
