// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"os"
	"testing"

	"github.com/loadstone-bpf/loadstone/oracle/turn"
)

func TestMain(m *testing.M) { os.Exit(turn.RunMaker(m, os.Stderr)) }
