// SPDX-License-Identifier: Apache-2.0

package loader

import "strings"

// A Reply answers one request: *[OK], *[Unsupported], *[Rejected] or *[Error], and
// nothing else.
type Reply interface{ reply() }

// Map returns the view of the map of that name in the object.
func (r *OK) Map(name string) (MapView, bool) {
	for _, m := range r.Maps {
		if m.Name == name {
			return m, true
		}
	}
	return MapView{}, false
}

// A Stage says how far a loader had come when it refused. Stages are refined with a slash: a loader
// that cannot tell creating maps from loading programs says "load", one that can says
// "load/create". [AtCommand] is the coarsest: the loader is one command that does it all, and does
// not tell its caller how far it came.
type Stage string

// Admits reports whether a loader that said got may have meant s: got is s, is coarser than s, or
// refines it.
func (s Stage) Admits(got Stage) bool {
	return got == coarsestStage || admits(string(s), string(got))
}

// A Class says why a loader refused. Classes are refined with a slash: a loader whose caller gets
// no more than an errno says the coarse class ("invalid" for EINVAL), one that says more says the
// fine one ("invalid/map-definition"). A spec names the fine class; a coarse answer is taken for
// it, so a loader is not held to more than it can say, and the report shows what it said.
// [Unclassified] is the coarsest: the loader refused, and tells its caller nothing that a program
// could read.
type Class string

// Admits reports whether a loader that said got may have meant c: got is c, is coarser than c, or
// refines it.
func (c Class) Admits(got Class) bool {
	return got == coarsestClass || admits(string(c), string(got))
}

func admits(want, got string) bool {
	return got != "" &&
		(want == got || strings.HasPrefix(want, got+"/") || strings.HasPrefix(got, want+"/"))
}
