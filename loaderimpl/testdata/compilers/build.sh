#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles maps.c with other compilers than build.sh of the folder above does, little-endian. Usage:
#   build.sh COMPILER...    such as clang-13 (Debian has 11 to 22 in several releases) or bpf-gcc
# The object of a compiler has its name and major version: maps.clang-13.o, maps.gcc-12.o.
set -eu
cd "$(dirname "$0")"
for compiler; do
	version=$("$compiler" -dumpversion | cut -d. -f1)
	case $(basename "$compiler") in
	clang*)
		"$compiler" -target bpfel -O2 -g -fdebug-compilation-dir . -Wno-ignored-attributes \
			-Wno-unused-const-variable -c maps.c -o "maps.clang-$version.o"
		llvm-strip-19 --strip-debug "maps.clang-$version.o"
		;;
	*) # gcc writes the whole path of a file and of the folder into BTF
		object=$PWD/maps.gcc-$version.o
		(here=$PWD && cd / && "$compiler" -O2 -gbtf -iquote "$here" -x c -c - -o "$object") <maps.c
		;;
	esac
done
