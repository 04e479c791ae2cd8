// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"fmt"

	"github.com/onsi/ginkgo/v2"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
)

// Serve carries out the order that next waits for, as [Run] does.
//
// Ginkgo takes longer to begin with a spec than many a spec takes, and a clone pays for it: so next
// is called from within Ginkgo, in a spec that has begun, and a guest whose template is taken while
// next waits is past all that. An order of one spec is carried out right there. One of several
// leaves Ginkgo and enters it again.
//
// Serve calls done with how the order ended as soon as its last record is sent. Ginkgo still has
// its own report to make then, which is not read: a guest ends its machine there. Where done
// returns, Serve returns the same.
func Serve(ctx context.Context, next func() (record.Order, Deps, error), done func(error)) error {
	set, err := requirements.Read()
	if err != nil {
		return err
	}
	return serve(ctx, next, done, registered, set)
}

func serve(
	ctx context.Context, next func() (record.Order, Deps, error), done func(error), specs []Spec,
	set *requirements.Set,
) error {
	var r *run
	var err error
	here := false // the order is carried out within the spec that waited for it
	wait := func(specCtx ginkgo.SpecContext) {
		var order record.Order
		var deps Deps
		if order, deps, err = next(); err != nil {
			return
		}
		if r, err = newRun(ctx, order, deps, specs, set); err != nil {
			return
		}
		r.send(record.Accepted{Specs: len(order.Specs)})
		if here = len(r.specs) == 1 && !order.Watch; here {
			r.execute(specCtx, r.specs[0])
		}
	}
	enterGinkgo(func() {
		ginkgo.It("waits for its order", wait)
	}, func(report ginkgo.SpecReport) {
		switch {
		case here:
			r.after(report)
			err = r.conclude()
			done(err)
		case err == nil && report.Failed():
			err = fmt.Errorf("%w: %s", ErrOrder, report.Failure.Message)
		}
	})
	if err != nil || here {
		return err
	}
	r.lookBefore()
	r.underGinkgo()
	err = r.conclude()
	done(err)
	return err
}
