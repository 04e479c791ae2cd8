#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the object of the tests anew, after a change of its source.
set -e
cd "$(dirname "$0")"
clang-19 -O2 -g -mcpu=v3 -target bpfel -ffile-prefix-map="$PWD"=. -c components.c -o components.bpfel.o
