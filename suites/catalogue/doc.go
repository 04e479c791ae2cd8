// SPDX-License-Identifier: Apache-2.0

// Package catalogue holds the ids of all specs as they are committed, and for each id that no spec
// has any more its new one, or why there is none.
//
// What people keep of old runs names specs by their ids: expectations, findings, the runs that a
// new one is compared with. So an id is never dropped silently: a spec that is renamed or removed
// gets an entry in the file, and a test of package all fails without it. The file is data for
// comparing runs, and imports nothing of ours.
//
// Read catalogue.go; catalogue.json is written by 'go generate ./suites/all', but for its entries
// of renamed specs, which are written by hand.
package catalogue
