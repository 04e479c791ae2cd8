// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/loadstone-bpf/loadstone/oracle"
)

type thinWatch struct{ before oracle.Inventory }

func beginWatch() (*thinWatch, error) {
	inv, err := oracle.Take("")
	return &thinWatch{inv}, err
}

func (w *thinWatch) Look(ctx context.Context) (map[string]int, []string, error) {
	left, err := oracle.Witness{}.Beyond(ctx, w.before)
	var changes []string
	for _, o := range left {
		changes = append(changes, fmt.Sprint(o))
	}
	return map[string]int{"map": len(w.before.Maps)}, changes, err
}
