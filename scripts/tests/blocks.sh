#!/usr/bin/env bash
# The multiplier blocks that syntheses for xcup and ECP5 get by name compute what every other tool infers.
set -euo pipefail
cd "$(dirname "$0")/../.."
share=$(dirname "$(dirname "$(command -v yosys)")")/share/yosys
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT

# A making of sg_dot with names of its own: variant NAME [DEFINE]
variant() {
  local name=$1 define=${2:-}
  { if [ -n "$define" ]; then echo "\`define $define"; fi
    cat templates/cells/sg_{booth,product,dot}.v
    if [ -n "$define" ]; then echo "\`undef $define"; fi; } |
    sed "s/\bsg_\(booth\|product\)\b/${name}_\1/; s/\bsg_dot #/$name #/; s/module sg_dot/module $name/" > "$work/$name.v"
}

# compare BLOCKS DEFINE "PARAMETER=VALUE …" FILE…: so many blocks by name, each of which says so
compare() {
  local blocks=$1 define=$2 parameters=$3 result
  shift 3
  variant Dut "$define"
  # shellcheck disable=SC2046,SC2086  # one option a parameter
  iverilog -g2005-sv -DSG_MULT_BITS=18 $(printf -- '-Pdot_tb.%s ' $parameters) -o "$work/tb" testbench/dot_tb.v "$@" \
    "$work/Dut.v" "$work/Reference.v" 2> "$work/log" || { cat "$work/log"; exit 1; }
  result=$(vvp -n "$work/tb" | sort | uniq -c | xargs)
  [ "$result" = "1 0 errors${blocks:+ $blocks block}" ] || { echo "$define, $parameters: $result"; exit 1; }
}

variant Reference ""
ecp5=testbench/mult18x18d.v
compare 7 SG_DSP48E2 "Chain=2 Segments=4 Levels=2 Offset=17" testbench/dsp48e2.v "$share/xilinx/cells_sim.v"
compare 7 SG_MULT18X18D "Chain=1 Segments=7 Levels=3 Pack=1 Offset=20" $ecp5
compare 7 SG_MULT18X18D "Chain=1 Segments=7 Levels=3 Pack=1 Offset=20 ActSigned=1" $ecp5
compare 7 SG_MULT18X18D "Chain=1 Segments=7 Levels=3 Offset=13 ActBits=4 WeightBits=5" $ecp5
# The first product of each chain; none where operands are wider than a block's.
compare 4 SG_MULT18X18D "Chain=2 Segments=4 Levels=2 Pack=1 Offset=20" $ecp5
compare "" SG_MULT18X18D "Chain=2 Segments=4 Levels=2 Offset=17" $ecp5
