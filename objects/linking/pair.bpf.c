// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A variable that is a struct, which another object reads, and a program that reads it.
//
// variants:
//   pair: LINKAGE=volatile INITIAL== {7, 8, 9} KIND=struct TAG=pair FIRST=left SECOND=right
//       REST=unsigned char PROGRAM=own // A struct that another object reads.
//   pair_reader: LINKAGE=extern volatile INITIAL= PROGRAM=read
//       // A program that reads a struct of another object.
//   pair_reader_kind: LINKAGE=extern volatile INITIAL= KIND=union PROGRAM=read
//       // The program, which declares a union.
//   pair_reader_name: LINKAGE=extern volatile INITIAL= SECOND=other PROGRAM=read
//       // The program, which gives a member another name.
//   pair_reader_order: LINKAGE=extern volatile INITIAL= FIRST=right SECOND=left PROGRAM=read
//       // The program, which has the members in another order.
//   pair_reader_rest: LINKAGE=extern volatile INITIAL= REST=unsigned short PROGRAM=read
//       // The program, which gives the last member another type.
//   pair_reader_tag: LINKAGE=extern volatile INITIAL= TAG=couple PROGRAM=read
//       // The program, which gives the struct another name.
#include "bpf.h"

KIND TAG {
	int FIRST;
	int SECOND;
	REST rest;
};

LINKAGE KIND TAG shared INITIAL;

SEC("xdp")
int PROGRAM(void *ctx)
{
	return shared.FIRST * 10 + shared.SECOND;
}
