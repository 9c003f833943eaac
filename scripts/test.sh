#!/usr/bin/env bash
# Every test, in two runs beside one another. The proofs are two lanes of one test each, which start servers and mostly wait; in one run with the
# rest each of them would wait again and again until all the others are done. `swift test` allows one run in a build folder, so both are started
# as it starts them.
set -euo pipefail
cd "$(dirname "$0")/.."

swift=${SWIFT:-swift}
"$swift" build --build-tests
tests=$("$swift" build --show-bin-path)/mintmarkPackageTests.xctest
proofs='^ProofTests\.'
folder=$(mktemp -d)
other=
trap '[ -z "$other" ] || kill "$other" 2>/dev/null || true; rm -rf "$folder"' EXIT

# More tests at a time would only wait for a processor, and the servers that they talk to with them.
run() { NO_COLOR=1 "$tests" --testing-library swift-testing --experimental-maximum-parallelization-width "$@" 2>&1; }

run 2 --filter "$proofs" >"$folder/proofs" &
other=$!
failed=0
run 4 --skip "$proofs" | tee "$folder/rest" || failed=1
wait "$other" || failed=1
other=
cat "$folder/proofs"
# What each run said last stands together.
grep -hE 'Test run with [0-9]+ tests? ' "$folder/proofs" "$folder/rest" || failed=1
exit $failed
