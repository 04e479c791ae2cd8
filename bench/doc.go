// SPDX-License-Identifier: Apache-2.0

// Command bench measures the numbers that the project holds itself to, on the machine that it runs
// on. It prints them as a table and writes them to bench.json, a list of name, unit, median, min,
// max, bar and whether the bar holds. 'make bench' runs it, and never a test: machines are shared.
//
// A bar is an upper bound of the median. A number that is over its bar is marked and does not fail
// anything. What guests take is held against bare boots of the same kernel, made in turns with it
// in the same run: machines differ by two and more, and change while they are measured. Seconds
// have no bar.
//
// Read main.go, figure.go (a number and how it is shown), yardstick.go (boots to hold it against),
// load.go (loaders beside each other on this machine's kernel), link.go (linkers beside each
// other), guest.go (boots, templates and clones of one kernel), check.go (objects of users),
// matrix.go (whole commands).
package main
