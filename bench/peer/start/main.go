// SPDX-License-Identifier: Apache-2.0

// Command start does nothing: it takes what a program in Go takes to start and end.
//
// Read main.go.
package main

func main() {}
