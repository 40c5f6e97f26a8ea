#!/usr/bin/env bash
# The requantizers' product is the same as one block, as a block and rows, and as rows alone, at every width.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT

for define in SG_NONE SG_MULT_BITS=16 SG_MULT_ROWS; do
  for bits in "2 16" "3 1" "4 3" "5 8" "6 8" "7 16" "15 14" "17 16" "20 9" "24 16" "33 15"; do
    read -r acc mul <<< "$bits"
    iverilog -g2005 -D"$define" -Ptimes_tb.AccBits="$acc" -Ptimes_tb.MulBits="$mul" -o "$work/tb" \
      testbench/times_tb.v templates/cells/sg_times.v templates/cells/sg_booth.v
    result=$(vvp -n "$work/tb")
    [ "$result" = "0 errors" ] || { echo "$define, $acc by $mul bits: $result"; exit 1; }
  done
done
