// SPDX-License-Identifier: Apache-2.0

// Package xdpchain holds loaders to chains of XDP programs: several programs that one interface
// runs one after the other, each still a program of its own.
//
// The interface is one end of a pair of devices, the other is in a network namespace of the
// suite's. From there the suite sends frames, which tell each program what to answer, and in which
// each leaves its mark; what comes through, what comes back, and what each program has counted tell
// what the chain did. What a loader says of the chain is believed in no spec: the program on the
// interface is asked of netlink, and its components of the kernel's links between programs.
//
// What is expected stands in requirements/xdpchain.yaml. Read frame.go and network.go (what is
// sent), chain.go (what is asked and judged), then add.go, order.go, action.go (after which answers
// a chain goes on), many.go, remove.go, traffic.go (changes while frames are on their way),
// place.go (interfaces and modes), odd.go (programs that are not as most are), tail.go (tail
// calls), maps.go, frags.go, trace.go, list.go, foreign.go and theirs.go (what another has put
// there), together.go and lock.go (two loaders), killed.go and clean.go (a loader that dies, and
// what it left), lacking.go (a kernel on which no program extends another), attach.go (one program
// alone), linked.go and linkedrules.go (chains that are linked into one program).
package xdpchain
