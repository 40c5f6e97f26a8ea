#!/usr/bin/env bash
# Measures the designs of tests/fixtures/designs.json with the Yosys at hand, fits the planner's LUT model to them, and writes
# tests/fixtures/estimates.json: scripts/estimates.sh [FOLDER]. What was measured before, of the same Verilog by the same
# version, is taken from FOLDER. JOBS (2) measure at once, FIT=0 leaves the model as it is. Takes about an hour of CPU time.
# `cargo test --no-default-features --test estimates` then holds the model against the fixture.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-target/estimates}
mkdir -p "$folder"
cargo build --quiet --no-default-features --example make_estimates --example measure_estimates
target/debug/examples/make_estimates "$folder"
python3 scripts/estimates.py order "$folder" |
  xargs -P "${JOBS:-2}" -L1 nice -n 5 target/debug/examples/measure_estimates "$folder"
if [ "${FIT:-1}" = 1 ]; then
  python3 scripts/estimates.py fit "$folder"
else
  python3 scripts/estimates.py report "$folder"
fi
python3 scripts/estimates.py fixture "$folder"
