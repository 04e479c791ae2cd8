// SPDX-License-Identifier: Apache-2.0

// Package linking holds loaders that link several objects into one to what the result does.
//
// What was linked is judged by what runs: the loader loads what it linked, programs run, and what
// they return and store is that of the definition that had to win. No spec looks into the linked
// object, so linkers may lay it out as they like; only where one file has to be the same as another
// are bytes compared. The objects are so small that each says one thing.
//
// What is expected stands in requirements/linking.yaml. Read function.go, variable.go and map.go
// (who defines what, in all orders), kernel.go (what is the kernel's), license.go, conflict.go,
// input.go and damage.go (what is refused), output.go (the file), foreign.go
// (what other linkers linked).
package linking
