#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles an object with NUMBER maps, and a program that uses the first. Usage: many.sh NUMBER OBJECT
set -eu
number=$1
object=$2
clang=${CLANG:-clang-19}
{
	echo "#include \"$(cd "$(dirname "$0")" && pwd)/bpf.h\""
	echo "struct value { __u64 a, b; __u32 c[4]; };"
	i=0
	while [ $i -lt "$number" ]; do
		echo "struct { __uint(type, MAP_HASH); __type(key, __u32); __type(value, struct value);" \
			"__uint(max_entries, 16); __uint(map_flags, F_NO_PREALLOC); } map_$i SEC(\".maps\");"
		i=$((i + 1))
	done
	echo "SEC(\"xdp\") int use(void *ctx) { __u32 key = 1; return map_lookup_elem(&map_0, &key) ? XDP_DROP : XDP_PASS; }"
} | "$clang" -target bpf -O2 -g -mcpu=v3 -Wno-ignored-attributes -x c - -c -o "$object"
llvm-strip-19 --strip-debug "$object"
