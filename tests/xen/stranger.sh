#!/bin/sh
# SPDX-License-Identifier: MIT
# stranger.sh - does "make run" work for somebody who has nothing but make?
#
# Makes a minimal Debian under build/stranger, puts HEAD's files there, runs
# "make run" with a command for the guest piped in, then once more, and says
# how long each took. Run it as root at the top of the tree; not a part of
# "make test", since it fetches some 200 MB of packages.

set -eu

suite=bookworm
dir=${B:-build}/stranger
root=$dir/root

die()
{
    echo "stranger: $*" >&2
    exit 1
}

# Whatever is mounted or started in here is gone when the command ends.
inside()
{
    unshare --mount --pid --fork --kill-child --mount-proc="$root/proc" \
        chroot "$root" "$@"
}

[ "$(id -u)" = 0 ] || die "must be root, for debootstrap and chroot"
tools/need debootstrap git
# shellcheck disable=SC2016 # apt expands that
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' \
         "Codename: $suite" | head -n 1)
[ -n "$mirror" ] || die "this machine's apt has no source for Debian $suite"

echo "stranger: a minimal Debian $suite with make in $root"
rm -rf "$dir"
mkdir -p "$dir"
debootstrap --variant=minbase --include=make "$suite" "$root" "$mirror" \
    >"$dir/debootstrap.log" 2>&1 || {
    tail -n 30 "$dir/debootstrap.log" >&2
    die "debootstrap failed, see $dir/debootstrap.log"
}
mkdir "$root/vsuperio"
git archive HEAD >"$dir/head.tar"
tar -xf "$dir/head.tar" -C "$root/vsuperio"

run()
{
    start=$(date +%s)
    rc=0
    # shellcheck disable=SC2016 # for the guest
    echo 'echo "stranger $((6 * 7))"; grep . /proc/version' |
        inside make -C /vsuperio run >"$dir/$1.log" 2>&1 ||
        rc=$?
    if [ $rc != 0 ] || ! grep -q '^stranger 42' "$dir/$1.log"; then
        tail -n 30 "$dir/$1.log" >&2
        die "the $1 make run failed, see $dir/$1.log"
    fi
    echo "stranger: the $1 make run took $(($(date +%s) - start)) s"
}

run first
run second
