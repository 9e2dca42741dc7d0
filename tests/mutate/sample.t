#!/bin/sh
# SPDX-License-Identifier: MIT
# A sample of the mutants of devices/, the same one each time: the unit tests
# notice all but those that are explained. `make mutate` tries all of them.
set -eu
cd "$(dirname "$0")/../.."
log=${B:-build}/mutate-sample.log
name="1 - 300 mutants of the devices are noticed, or explained"
echo 1..1
if tests/mutate/mutate ${JOBS:+-j "$JOBS"} -n 300 --seed 1 >"$log" 2>&1
then
    echo "ok $name"
else
    sed 's/^/# /' "$log"
    echo "not ok $name"
fi
