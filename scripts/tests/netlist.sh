#!/usr/bin/env bash
# Post-synthesis: the netlist that Yosys makes of rtl_out/example runs with the vendor cells' models under the RTL's own
# testbench and vectors (Icarus, random stalls, a reset in mid-image), and must be bit-exact.
#   scripts/tests/netlist.sh [xc7|ice40]…       xc7 without an argument; ice40 takes twice as long
set -euo pipefail
cd "$(dirname "$0")/../.."
images=2
design=$PWD/rtl_out/example
top=example_top
share=$(dirname "$(dirname "$(readlink -f "$(command -v yosys)")")")/share/yosys
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT

target/debug/slimgate sim "$design" --data random --images "$images" --simulator icarus --build-dir "$tmp/build" >"$tmp/sim.log" 2>&1 \
  || { cat "$tmp/sim.log" >&2; exit 1; }
vectors=$design/sim/vectors.bin

# netlist FAMILY SCRIPT MODELS: fails, and says why, where the netlist differs.
netlist() {
  local family=$1 script=$2 models=$3
  printf '%s\nwrite_verilog -noattr %s\n' "$script" "$tmp/$family.v" > "$tmp/$family.ys"
  (cd "$design" && yosys -q -l "$tmp/$family.log" -s "$tmp/$family.ys") >/dev/null 2>&1 || { tail -n 5 "$tmp/$family.log" >&2; return 1; }
  iverilog -g2012 -s tb -o "$tmp/$family.vvp" -DTOP=$top -DCHANNELS=1 -DCLASSES=4 -DNO_ICE40_DEFAULT_ASSIGNMENTS \
    testbench/tb.sv "$tmp/$family.v" "$share/$models" 2>"$tmp/$family.log" || { tail -n 5 "$tmp/$family.log" >&2; return 1; }
  vvp -n "$tmp/$family.vvp" -none "+vectors=$vectors" +main_only +reset_test +stall=0.2 >"$tmp/$family.log" 2>&1 \
    || { echo "netlist: $family is not the RTL:" >&2; tail -n 5 "$tmp/$family.log" >&2; return 1; }
}

for family in "${@:-xc7}"; do
  case $family in
    # What slimgate synth runs.
    xc7) netlist xc7 "$(sed '/^tee /d; /^write_json /d' "$design/synth/xc7.ys")" xilinx/cells_sim.v ;;
    ice40) netlist ice40 "$(sed 's/^/read_verilog -defer /' "$design/filelist.f"; echo "synth_ice40 -top $top")" ice40/cells_sim.v ;;
    *) echo "error: found $family; expected xc7 or ice40" >&2; exit 2 ;;
  esac
done
