#!/bin/sh
# SPDX-License-Identifier: MIT
# A sample of the mutants of devices/, the same one each time: the unit tests
# notice all but those that are explained. `make mutate` tries all of them.
set -eu
cd "$(dirname "$0")/../.."
echo 1..1
if tests/mutate/mutate -j "${JOBS:-2}" -n 300 --seed 1 >"${B:-build}/mutate-sample.log" 2>&1
then
    echo "ok 1 - 300 mutants of the devices are noticed, or explained"
else
    sed 's/^/# /' "${B:-build}/mutate-sample.log"
    echo "not ok 1 - 300 mutants of the devices are noticed, or explained"
fi
