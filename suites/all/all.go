// SPDX-License-Identifier: Apache-2.0

// Package all links in every suite. It is the one list of them: what runs specs imports it, and
// nothing else names them all.
//
// A suite cannot vanish from it unseen. An area of requirements/ without a spec breaks the
// catalogue (runner.Check), with which the guest program begins, and the tests of this package hold
// the list against the folders beside it, and the ids of all specs against those that are committed
// in suites/catalogue. 'go generate' adds new ids there.
package all

import (
	_ "github.com/loadstone-bpf/loadstone/suites/check"
	_ "github.com/loadstone-bpf/loadstone/suites/faults"
	_ "github.com/loadstone-bpf/loadstone/suites/globaldata"
	_ "github.com/loadstone-bpf/loadstone/suites/linking"
	_ "github.com/loadstone-bpf/loadstone/suites/mapdefs"
	_ "github.com/loadstone-bpf/loadstone/suites/mapinmap"
	_ "github.com/loadstone-bpf/loadstone/suites/metadata"
	_ "github.com/loadstone-bpf/loadstone/suites/numa"
	_ "github.com/loadstone-bpf/loadstone/suites/pinning"
	_ "github.com/loadstone-bpf/loadstone/suites/rights"
	_ "github.com/loadstone-bpf/loadstone/suites/structops"
	_ "github.com/loadstone-bpf/loadstone/suites/token"
	_ "github.com/loadstone-bpf/loadstone/suites/xdpchain"
	_ "github.com/loadstone-bpf/loadstone/suites/xdphints"
)

//go:generate go test . -count 1 -run ^TestCatalogueIsCommitted$ -update
