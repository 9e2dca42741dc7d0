# SPDX-License-Identifier: MIT
# What it costs, beside stock Xen. Included by the Makefile; docs/performance.md
# says what each figure means.

need-bench := gcc gcc-aarch64-linux-gnu gnuplot-nox libc6-dev libxen-dev python3 \
	valgrind
# Bytes each way between two CPUs.
BYTES ?= 20000000
# Boots of each Xen.
ROUNDS ?= 3

.PHONY: need-bench
need-bench:
	@tools/need $($@)

.PHONY: bench
bench: ## what it costs beside stock Xen, in one table; keeps build/bench.json
bench: $(xen-grafted) $(xen-stock) | need-bench
	@B=$(B) tests/bench/run

.PHONY: bench-ring
bench-ring: ## the console ring alone: drained, and BYTES each way on two CPUs
bench-ring: $(B)/xen/src/.unpacked | need-bench
	@B=$(B) tests/bench/run ring $(BYTES)

.PHONY: bench-xen
bench-xen: ## boots stock and grafted Xen in turn, 1 MB to xenconsoled; minutes
bench-xen: dom0 $(xen-stock) $(xen-ioreq) | need-bench
	@B=$(B) tests/bench/xen $(ROUNDS)
