#!/usr/bin/env bash
# The multiplier block that xcup synthesis gets by name computes what every other tool infers.
set -euo pipefail
cd "$(dirname "$0")/../.."
share=$(dirname "$(dirname "$(command -v yosys)")")/share/yosys
model=$share/xilinx/cells_sim.v
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT

# A making of sg_dot with names of its own: variant NAME [DEFINE]
variant() {
  local name=$1 define=${2:-}
  { [ -n "$define" ] && echo "\`define $define"; cat templates/cells/sg_{booth,product,dot}.v; echo "\`undef $define"; } |
    sed "s/\bsg_\(booth\|product\)\b/${name}_\1/; s/\bsg_dot #/$name #/; s/module sg_dot/module $name/" > "$work/$name.v"
}
variant Dut SG_DSP48E2
variant Reference ""
sed -i '/`undef $/d' "$work/Reference.v"

iverilog -g2005-sv -o "$work/tb" testbench/dot_tb.v testbench/dsp48e2.v "$work/Dut.v" "$work/Reference.v" "$model" 2> "$work/log" || { cat "$work/log"; exit 1; }
result=$(vvp -n "$work/tb")
[ "$result" = "0 errors" ] || { echo "$result"; exit 1; }
