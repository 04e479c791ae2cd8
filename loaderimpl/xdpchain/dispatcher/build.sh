#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the dispatchers anew, after a change of their source: one for each layout of the
# configuration, and the one of static chains, in both byte orders.
set -e
cd "$(dirname "$0")"
for order in bpfel bpfeb; do
	for version in 2 3; do
		clang-19 -O2 -g -Wall -Werror -mcpu=v3 -target $order -DVERSION=$version \
			-ffile-prefix-map="$PWD"=. -c dispatcher.c -o "dispatcher.v$version.$order.o"
	done
	clang-19 -O2 -g -Wall -Werror -mcpu=v3 -target $order \
		-ffile-prefix-map="$PWD"=. -c static.c -o "static.$order.o"
done
