// SPDX-License-Identifier: Apache-2.0

package phrase

import (
	"strings"

	"github.com/loadstone-bpf/loadstone/oracle"
)

// Objects lists kernel objects and pins.
func Objects(objects []oracle.Object) string {
	words := make([]string, len(objects))
	for i, o := range objects {
		words[i] = o.String()
	}
	return strings.Join(words, ", ")
}
