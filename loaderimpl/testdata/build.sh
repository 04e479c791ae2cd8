#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles the test objects for both byte orders. Usage: build.sh [FOLDER/NAME.c]... Those whose names end in _nobtf are compiled without BTF.
set -eu
cd "$(dirname "$0")"
clang=${CLANG:-clang-19}
[ $# -gt 0 ] || set -- *.c refused/*.c handled/*.c link/*.c
for source; do
	name=${source%.c}
	debug="-g -fdebug-prefix-map=$PWD=."
	case $name in *_nobtf) debug= ;; esac
	for target in bpfel bpfeb; do
		"$clang" -target $target -O2 $debug -Wall -Werror -Wno-unused-const-variable -Wno-ignored-attributes -mcpu=v3 -c "$source" -o "$name.$target.o"
		llvm-strip-19 --strip-debug "$name.$target.o"
	done
done
