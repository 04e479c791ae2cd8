// SPDX-License-Identifier: Apache-2.0

// Command bench measures the numbers that the project holds itself to, on the machine that it runs
// on. It prints them as a table and writes them to bench.json, a list of name, unit, median, min,
// max and bar. 'make bench' runs it, and never a test: machines are shared.
//
// A bar is an upper bound. A number that is over its bar is marked and does not fail anything.
//
// Read main.go, figure.go (a number and how it is shown), load.go (loaders beside each other on
// this machine's kernel), guest.go (boots, templates and clones of one kernel), matrix.go (the
// whole command).
package main
