# SPDX-License-Identifier: MIT
# The guest's side of the command channel, static, for both machines. Included by
# the Makefile. docs/channel.md.

need-agent := gcc gcc-aarch64-linux-gnu libc6-dev

.PHONY: need-agent
need-agent:
	@tools/need $($@)

agent-sources := tools/vsio-agent.c $(wildcard tools/channel/*.c)
agent-flags := $(CFLAGS) $(warnings) -std=gnu11 -D_GNU_SOURCE -D_FORTIFY_SOURCE=2 \
	-fstack-protector-strong -Itools/channel -static -Wl,-s

$(B)/agent/vsio-agent: $(agent-sources) $(wildcard tools/channel/*.h) | need-agent
	@mkdir -p $(@D)
	@gcc $(agent-flags) -o $@ $(agent-sources)
	@echo "tool: $@"

$(B)/agent-arm64/vsio-agent: $(agent-sources) $(wildcard tools/channel/*.h) \
		| need-agent
	@mkdir -p $(@D)
	@aarch64-linux-gnu-gcc $(agent-flags) -o $@ $(agent-sources)
	@echo "tool: $@"

.PHONY: agent
agent: ## the command channel's agent, for x86-64 and arm64
agent: $(B)/agent/vsio-agent $(B)/agent-arm64/vsio-agent
