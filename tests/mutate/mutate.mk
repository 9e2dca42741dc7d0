# SPDX-License-Identifier: MIT
# Do the unit tests notice when a device is wrong? Included by the Makefile.
#
#     make mutate                         all of devices/: minutes
#     make mutate FILE=devices/pl031.c    these files, also of tools/channel/
#     make mutate N=200 SEED=2            so many, chosen at random

need-mutate := gcc libc6-dev binutils python3 util-linux

.PHONY: need-mutate
need-mutate:
	@tools/need $($@)

.PHONY: mutate
mutate: ## spoil the devices bit by bit: the unit tests must notice
mutate: | need-mutate
	@tests/mutate/mutate $(N:%=-n %) $(SEED:%=--seed %) $(FILE)
