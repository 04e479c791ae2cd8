// SPDX-License-Identifier: Apache-2.0

// Command bench measures the numbers that the project holds itself to, on the machine that it runs on, and prints them as a table; the same
// goes to bench.json, a list of name, unit, median, min, max and bar. It is run by 'make bench', never by a test: machines are shared.
//
// A bar is an upper bound. A number that is over its bar is marked and does not fail anything.
//
// Read main.go, figure.go (a number and how it is shown), load.go (loaders beside each other on this machine's kernel), guest.go (boots, templates and clones of one kernel), matrix.go (the whole command).
package main
