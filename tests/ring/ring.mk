# SPDX-License-Identifier: MIT
# The console ring's protocol as a model for spin, checked. Included by the
# Makefile. Xen's sources, where names of the model come from: tools/lab.mk.

need-ring := gcc libc6-dev python3 spin

.PHONY: need-ring
need-ring:
	@tools/need $($@)

ring-models := $(B)/ring/output/pan $(B)/ring/input/pan

# spin leaves its files where it runs. Five processes are more than the two
# that pan's fairness has room for.
$(B)/ring/%/pan: tests/ring/%.pml tests/ring/common.pml | need-ring
	@rm -rf $(@D)
	@mkdir -p $(@D)
	@cp $^ $(@D)
	@cd $(@D) && spin -a $*.pml >spin.log
	@cd $(@D) && gcc -O2 -w -DNFAIR=3 -o pan pan.c

.PHONY: model
model: ## the console ring's protocol, model-checked: output, input, faults
model: $(ring-models) $(B)/xen/src/.unpacked
	@B=$(B) prove -v tests/ring/model.t
