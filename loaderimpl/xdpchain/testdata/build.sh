#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the objects of the tests anew, after a change of their sources.
set -e
cd "$(dirname "$0")"
for source in *.c; do
	clang-19 -O2 -g -mcpu=v3 -target bpfel -ffile-prefix-map="$PWD"=. -c "$source" -o "${source%.c}.bpfel.o"
done
