#!/bin/sh
# SPDX-License-Identifier: MIT
# devices/devices.mk is all that a foreign Makefile needs: it is included by one
# that knows nothing else, for five machines and two compilers.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
dir=${B:-$top/build}/foreign
rm -rf "$dir"
mkdir -p "$dir"
cd "$dir"

cat > Makefile <<'END'
include $(TOP)/devices/devices.mk
vsio.a: $(VSIO_DEVICES:.c=.o)
	$(AR) rcs $@ $^
%.o: $(TOP)/devices/%.c
	$(CC) -std=c11 -O2 -ffreestanding -nostdlib -Wall -Wextra -Werror \
		-I$(TOP)/devices -c -o $@ $<
END

# Compiler and ar of each machine.
n=0
echo 1..10
for triple in x86_64-linux-gnu aarch64-linux-gnu arm-linux-gnueabihf \
              riscv64-linux-gnu powerpc64-linux-gnu; do
    for cc in "$triple-gcc" "clang --target=$triple"; do
        n=$((n + 1))
        rm -f ./*.o vsio.a
        if make -s -j2 TOP="$top" CC="$cc" AR="$triple-ar" \
                > "$n.log" 2>&1 && [ -s vsio.a ]; then
            echo "ok $n - $cc"
        else
            sed 's/^/# /' "$n.log"
            echo "not ok $n - $cc"
        fi
    done
done
