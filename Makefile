# SPDX-License-Identifier: Apache-2.0

# The two that matter: `make matrix` does the main job, `make test` proves that it can be trusted.

GO      ?= go
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null)
STATIC  := CGO_ENABLED=0 $(GO) build -trimpath
LDFLAGS := -s -w
OUT     ?= out

.PHONY: help setup programs build objects objects-check test unit vm mutants findings matrix lint fuzz fuzz-short corpus floors bench cover clean

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup: ## install what is missing with apt, and say why
	@scripts/setup test

build: programs bin/shell.cpio ## bin/loadstone, bin/loadstone-guest and what they bring along

bin/shell.cpio: go.mod vmtest/image/mkshell/main.go
	$(GO) run ./vmtest/image/mkshell -o $@

programs: ## the programs alone, without the shell for test guests
	@scripts/setup run
	$(STATIC) -ldflags "$(LDFLAGS) -X main.version=$(VERSION)" -o bin/loadstone ./cmd/loadstone
	$(STATIC) -ldflags "$(LDFLAGS)" -o bin/loadstone-guest ./cmd/loadstone-guest
	$(STATIC) -ldflags "$(LDFLAGS)" -o bin/driver-cilium ./drivers/cilium/driver
	cd drivers/cilium/v0.17 && $(STATIC) -ldflags "$(LDFLAGS)" -o $(CURDIR)/bin/driver-cilium-0.17.3
	cd drivers/cilium/v0.20 && $(STATIC) -ldflags "$(LDFLAGS)" -o $(CURDIR)/bin/driver-cilium-0.20.0
	$(STATIC) -ldflags "$(LDFLAGS)" -o bin/driver-reference ./drivers/reference/driver
	$(STATIC) -ldflags "$(LDFLAGS)" -o bin/driver-iproute2 ./drivers/iproute2/driver
	$(STATIC) -ldflags "$(LDFLAGS)" -o bin/driver-bpftool ./drivers/bpftool/driver
	$(STATIC) -ldflags "$(LDFLAGS)" -o bin/driver-xdptools ./drivers/xdptools/driver
	$(STATIC) -ldflags "$(LDFLAGS)" -o bin/driver-iproute2-builtin ./drivers/iproute2-builtin/driver

objects: ## rebuild the BPF objects that have changed, with the pinned clang
	@scripts/setup test
	$(GO) run ./objects/build

objects-check: ## fail when the committed BPF objects differ from their sources
	$(GO) run ./objects/build -check

matrix: programs ## the reference loader on every kernel of the default matrix
	bin/loadstone run --out $(OUT) --overwrite

test: setup build objects-check unit fuzz-short vm ## everything that must hold: unit tests, the harness's own faults, the suites in VMs

unit: ## unit tests with the race detector, and the harness's own faults
	$(GO) test -race -timeout 45m ./...

# What CI asks on every change, in about an hour: the reference loader on the oldest kernel and the
# newest (`make matrix` asks it on all of the default matrix, and tests of mutants ask most of it
# on 6.12), libbpf on the newest, and cilium/ebpf, which refuses most of linking, structures and
# rights, what it claims. Both are in guests that are proved clean: a structure that a loader
# leaves registered is seen by the next spec. Commands leave nothing of the kind, and refuse most
# of what they are asked, which would be run again in clones of their own: they are in guests that
# a suite shares, and are asked the suites that they claim some of. `make findings` asks all of
# every loader, which takes hours.
MAPS := --suite mapdefs --suite mapinmap --suite numa --suite pinning

vm: build ## the suites in VMs: the reference loader on some kernels, others on the newest
	bin/loadstone run --kernel 5.10 --kernel 7.3 --out $(OUT) --overwrite
	bin/loadstone run --kernel 7.3 --loader libbpf --expect docs/expectations.yaml --out $(OUT)/libbpf --overwrite
	bin/loadstone run --kernel 7.3 --loader cilium $(MAPS) --suite globaldata --suite metadata --expect docs/expectations.yaml --out $(OUT)/cilium --overwrite
	bin/loadstone check objects/mapdefs/el/counter.o --kernel 5.10 --kernel 6.12 --kernel 7.3 --out $(OUT)/check
	bin/loadstone exec --kernel 5.10 --kernel 7.3 --root libbpf --bring README.md -- /usr/bin/test -s README.md
	bin/loadstone run --kernel 7.3 --loader bpftool --loader iproute2 $(MAPS) --isolation suite --expect docs/expectations-commands.yaml --out $(OUT)/commands --overwrite

mutants: ## every wrong loader, and the specs that catch it; fails if none does. make test tries a sample
	@scripts/setup run
	$(GO) run ./mutants/catch

findings: build ## every version of every loader on every kernel, and what docs/findings.md is made of
	bin/loadstone run --loader all@all --isolation suite --out $(OUT)/findings --overwrite || [ $$? -eq 1 ]
	@echo '$(OUT)/findings/findings.md: put it in the place of the second part of docs/findings.md'

# Modules of their own, each a main function that builds a driver with an older library: vet compiles the driver with it, staticcheck reads it here.
MODULES := drivers/cilium/v0.17 drivers/cilium/v0.20

# What lint needs stands in a module of its own, so that no one who imports the loader gets it too.
TOOL := $(GO) tool -modfile=tools/go.mod

lint: ## vet, staticcheck, misspell, gofmt
	$(GO) vet ./...
	set -e; for m in $(MODULES); do $(GO) -C $$m mod tidy -diff; $(GO) -C $$m vet .; done
	$(GO) -C tools mod tidy -diff
	$(TOOL) staticcheck ./...
	@git ls-files '*.go' '*.md' '*.yaml' '*.c' '*.h' '*.rs' '*.txtar' Makefile scripts .ci | xargs $(TOOL) misspell -error -i rela
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo 'lint: gofmt these'; exit 1; }

fuzz-short: ## the fuzz targets of what reads objects and manifests, 50,000 inputs each
	scripts/fuzz 50000x loaderimpl loader check

fuzz: ## every fuzz target, FUZZTIME each (default 5m)
	scripts/fuzz $(or $(FUZZTIME),5m)

corpus: build ## objects of Debian's packages and of Go modules, checked everywhere, and docs/corpus.md of it
	$(GO) run ./check/corpus fetch -out $(OUT)/corpus/objects
	bin/loadstone check $(OUT)/corpus/objects --out $(OUT)/corpus $(CHECK) || [ $$? -eq 1 ]
	$(GO) run ./check/corpus page -objects $(OUT)/corpus/objects -check $(OUT)/corpus/check.jsonl -page docs/corpus.md

floors: programs ## what each kernel series has of types and helpers, for the bounds of loadstone check: check/floors.json
	$(GO) run ./check/floors

bench: build ## the numbers of the project, as a table and out/bench.json
	$(GO) run ./bench -out $(OUT)

cover: ## coverage of the unit tests, as a page
	@mkdir -p $(OUT)
	$(GO) test -coverprofile $(OUT)/cover.out ./...
	$(GO) tool cover -html $(OUT)/cover.out -o $(OUT)/cover.html
	@$(GO) tool cover -func $(OUT)/cover.out | tail -1

clean: ## remove what was built; the cache of kernels stays (loadstone kernels prune)
	rm -rf bin $(OUT)
