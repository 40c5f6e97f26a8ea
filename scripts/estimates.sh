#!/usr/bin/env bash
# Measures the designs of tests/fixtures/designs.json with the Yosys at hand and writes tests/fixtures/estimates.json and the
# table of docs/hardware.md: scripts/estimates.sh [FOLDER]. What was measured before, of the same Verilog, is taken from
# the fixture (not with ANEW=1, for another version of Yosys) or from FOLDER. FIT="FAMILY ..." measures each engine of those
# families' designs too and fits the planner's LUT model to all. JOBS (1) measure at once. Everything anew takes about an hour of CPU time. `cargo test
# --no-default-features --test estimates` then holds the model against the fixture.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-target/estimates}
mkdir -p "$folder"
what=flat
if [ -n "${FIT:-}" ]; then what=modules; fi
examples=target/debug/examples
cargo build --quiet --no-default-features --example make_estimates --example measure_estimates
"$examples/make_estimates" "$folder"
# shellcheck disable=SC2086
python3 -B scripts/estimates.py order "$folder" ${FIT:-} |
  xargs -P "${JOBS:-1}" -I{} nice -n 5 "$examples/measure_estimates" "$folder" {} "$what"
if [ -n "${FIT:-}" ]; then
  python3 -B scripts/estimates.py fit "$folder"
  cargo build --quiet --no-default-features --example make_estimates
  "$examples/make_estimates" "$folder"  # with the new numbers
fi
python3 -B scripts/estimates.py report "$folder"
python3 -B scripts/estimates.py fixture "$folder"
python3 -B scripts/estimates.py table "$folder"
