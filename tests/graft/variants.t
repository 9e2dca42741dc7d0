#!/bin/sh
# SPDX-License-Identifier: MIT
# The grafted tree builds in other forms than the one that is booted: 32-bit
# Arm, a debug build with the vGIC that takes levels and with FLASK (whose
# policy would need checkpolicy), and one without the register image.
set -eu
cd "$(dirname "$0")/../.."
B=${B:-build}
src=${XEN_TREE:-$B/xen/src}
tools/need gcc-arm-linux-gnueabihf

# NAME ARCH CROSS [OPTION...]
build()
{
    name=$1 arch=$2 cross=$3
    shift 3
    tree=$B/variants/$name
    rm -rf "$tree"
    mkdir -p "$B/variants" "$B/log"
    cp -a "$src" "$tree"
    tools/xen-graft "$tree" > "$B/log/$name.log"
    make="make -C $tree/xen XEN_TARGET_ARCH=$arch CROSS_COMPILE=$cross"
    {
        XEN_CONFIG_EXPERT=y $make defconfig &&
        for option; do
            case $option in
            no-*) echo "# CONFIG_${option#no-} is not set" ;;
            *) echo "CONFIG_$option=y" ;;
            esac
        done >> "$tree/xen/.config" &&
        XEN_CONFIG_EXPERT=y $make olddefconfig &&
        XEN_CONFIG_EXPERT=y $make build -j2
    } >> "$B/log/$name.log" 2>&1 || return 1
    for option in VSIO_PL011 VSIO_PL031 VSIO_I8042 VSIO_NS16550 \
        VSIO_CFI_FLASH "$@"; do
        wanted="CONFIG_$option=y"
        [ "$option" = "${option#no-}" ] ||
            wanted="# CONFIG_${option#no-} is not set"
        grep -qx "$wanted" "$tree/xen/.config" || {
            echo "not in .config: $wanted" >> "$B/log/$name.log"
            return 1
        }
    done
    rm -rf "$tree"
}

n=0
check()
{
    n=$((n + 1))
    if build "$@"; then
        echo "ok $n - $1"
    else
        tail -n 5 "$B/log/$1.log" | sed 's/^/# /'
        echo "not ok $n - $1: see $B/log/$1.log"
    fi
}

echo 1..3
check arm32 arm32 arm-linux-gnueabihf-
check new-vgic-debug-flask arm64 aarch64-linux-gnu- EXPERT DEBUG NEW_VGIC \
    XSM XSM_FLASK
check no-image arm64 aarch64-linux-gnu- no-VSIO_REGISTER_IMAGE
