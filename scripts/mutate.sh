#!/usr/bin/env bash
# Mutation test of a generated design: does its testbench notice a single wrong character in its Verilog?
#   scripts/mutate.sh DESIGN [COUNT [SEED]]
# Makes COUNT (200) random single changes, one at a time, and runs testbench/tb.sv in Icarus on each: random images,
# random stalls, resets in mid-image, misplaced tlast. One that passes may still have another latency or pace than the design
# has (tests/example_design.rs holds the kept one to its). What is left is compared with the original (Yosys, ABC);
# if it is proved to be the same circuit it does not count; else Verilator's lint may find it. Prints a table and the
# survivors; exit status 1 where less than 98 % are caught. JOBS processes (default: one a core).
set -euo pipefail
cd "$(dirname "$0")/.."
design=${1:?usage: scripts/mutate.sh DESIGN [COUNT [SEED]]}
count=${2:-200}
seed=${3:-1}
stall=0.3
for tool in iverilog verilator yosys yosys-abc python3; do
  command -v "$tool" >/dev/null || { echo "error: found no $tool; expected it installed (make setup)" >&2; exit 2; }
done
cargo build --quiet --no-default-features --bin slimgate
target/debug/slimgate sim "$design" --data random --images "24" --stall "$stall" --simulator icarus --seed "$seed" >/dev/null
python3 -B scripts/mutate/main.py "$design" "$design/sim/vectors.bin" "$count" "$seed" "$stall" "${JOBS:-$(nproc)}"
