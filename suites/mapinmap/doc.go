// SPDX-License-Identifier: Apache-2.0

// Package mapinmap holds loaders to maps of maps, and to arrays of programs: what they hold from
// the start, and what they may hold.
//
// An object says of a map of maps what its inner maps look like, by a template, and which of the
// object's maps are in which slot. The kernel keeps of the template what the verifier needs and of
// each slot the id of a map, so a slot is right if the kernel gives back the id of the map that the
// object names there, and if a program that goes through the outer map changes that map.
//
// What is expected stands in requirements/mapinmap.yaml. Read slot.go (what is in a map of maps),
// template.go (what its maps look like), inner.go (maps that fit the template and maps that do
// not), lock.go (maps with a lock), refused.go (definitions that mean nothing), pin.go, set.go
// (what the caller says), iproute2.go and samples.go (maps that are numbered), program.go (arrays
// of programs).
package mapinmap
