#!/usr/bin/env bash
# Measures the designs of tests/fixtures/designs.json with the Yosys at hand and writes tests/fixtures/estimates.json and the
# table of docs/hardware.md: scripts/estimates.sh [FOLDER]. What was measured before, of the same Verilog, is taken from
# the fixture (not with ANEW=1, for another version of Yosys) or from FOLDER. FIT=1 measures each engine of the others too and
# fits the planner's LUT model to all. JOBS (1) measure at once. Everything anew takes about an hour of CPU time. `cargo test
# --no-default-features --test estimates` then holds the model against the fixture.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-target/estimates}
mkdir -p "$folder"
what=flat
if [ "${FIT:-0}" = 1 ]; then what=modules; fi
examples=target/debug/examples
cargo build --quiet --no-default-features --example make_estimates --example measure_estimates
"$examples/make_estimates" "$folder"
python3 -B scripts/estimates.py order "$folder" |
  xargs -P "${JOBS:-1}" -I{} nice -n 5 "$examples/measure_estimates" "$folder" {} "$what"
if [ "${FIT:-0}" = 1 ]; then
  python3 -B scripts/estimates.py fit "$folder"
  cargo build --quiet --no-default-features --example make_estimates
  "$examples/make_estimates" "$folder"  # with the new numbers
fi
python3 -B scripts/estimates.py report "$folder"
python3 -B scripts/estimates.py fixture "$folder"
python3 -B scripts/estimates.py table "$folder"
