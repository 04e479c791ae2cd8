// SPDX-License-Identifier: Apache-2.0

// Package rust carries the module that speaks the loader protocol for drivers in Rust: what package
// loader is to drivers in Go. Package bundle compiles it with each of them. protocol.rs has the
// conversation; words.rs, which is generated, the protocol's words.
package rust

import _ "embed" // the directive

// Module holds the files of the module protocol, by their names in its folder.
func Module() map[string][]byte {
	return map[string][]byte{"mod.rs": protocol, "words.rs": words}
}

//go:embed protocol.rs
var protocol []byte

//go:embed words.rs
var words []byte
