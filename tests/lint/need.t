#!/bin/sh
# SPDX-License-Identifier: MIT
# tools/need: silent when all is there; one clear line when it may not install.
set -eu
cd "$(dirname "$0")/../.."
nobody=
[ "$(id -u)" != 0 ] || nobody="setpriv --reuid=65534 --clear-groups --"

echo 1..2
if out=$($nobody tools/need dpkg 2>&1) && [ -z "$out" ]; then
    echo "ok 1 - silent for what is installed"
else
    echo "# $out"
    echo "not ok 1 - silent for what is installed"
fi
if out=$($nobody tools/need dpkg no-such-package-here 2>&1); then
    echo "not ok 2 - not root, and a package is missing: exit status 1"
elif [ "$(echo "$out" | wc -l)" = 1 ] &&
     echo "$out" | grep -q 'apt-get install no-such-package-here'; then
    echo "ok 2 - not root: one line with the package and the command"
else
    echo "$out" | sed 's/^/# /'
    echo "not ok 2 - not root: one line with the package and the command"
fi
