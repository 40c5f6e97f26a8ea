#!/usr/bin/env bash
# Proves the cells of formal/ with yosys-smtbmc and z3: bounded from reset, and by induction where a proof is inductive; and
# generated window generators of several geometries with ABC, bounded from reset.
#   scripts/formal.sh [all]      all: those that read several taps a cycle too, which take minutes
set -euo pipefail
cd "$(dirname "$0")/.."
for tool in yosys yosys-smtbmc yosys-abc z3; do
  command -v "$tool" >/dev/null || { echo "error: found no $tool; expected it installed (make setup)" >&2; exit 2; }
done
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
# The generated design's cells, and those that it does not need.
cells="rtl_out/example/rtl/sg_*.v templates/cells/sg_fork.v templates/cells/sg_buffer.v"

# prove NAME DEPTH INDUCTION-DEPTH [PARAMETER VALUE]...: formal/NAME.v; induction depth 0 leaves induction out.
# The variable `define`, where it is set, holds a -D for the cells.
prove() {
  local name=$1 depth=$2 induction=$3; shift 3
  local set="" label="$name${define:+ $define}"
  while [ $# -gt 0 ]; do set+="-set $1 $2 "; label+=" $1=$2"; shift 2; done
  local smt="$tmp/$name.smt2" log="$tmp/$name.log"
  yosys -q -p "read_verilog -formal formal/$name.v; read_verilog -defer ${define:-} $cells; chparam $set proof
    prep -top proof -nordff; async2sync; dffunmap; write_smt2 -wires $smt" >"$log" 2>&1 || { cat "$log"; return 1; }
  yosys-smtbmc -s z3 -t "$depth" "$smt" >"$log" 2>&1 || { cat "$log"; echo "formal: $label: NOT proved" >&2; return 1; }
  if [ "$induction" != 0 ]; then
    yosys-smtbmc -s z3 -i -t "$induction" "$smt" >"$log" 2>&1 \
      || { cat "$log"; echo "formal: $label: induction FAILED" >&2; return 1; }
    echo "formal: $label: proved, $depth cycles from reset and by induction"
  else
    echo "formal: $label: proved, $depth cycles"
  fi
}

prove fifo_ctrl 16 2
prove fifo 12 0
prove buffer 12 0
prove fork 12 0
prove slice 16 2 Data 0
prove slice 10 0 Data 1
prove credit 12 0
for signed in 0 1; do
  for variable in 0 1; do prove requant 7 0 OutSigned "$signed" VarShift "$variable"; done
done
# Shifts that drop bits of the product; the product as Lattice's blocks make it.
prove requant 7 0 AccBits 12
for bits in 6 12; do define="-D SG_MULT_BITS=4" prove requant 7 0 AccBits "$bits" OutSigned 1; done

# window NAME DEPTH: formal/window.v around the generator in $tmp/NAME_window.v, with the parameters in $tmp/NAME.set.
window() {
  local name=$1 depth=$2 log="$tmp/$1.log"
  yosys -q -p "read_verilog -formal -DWINDOW=${name}_window formal/window.v
    read_verilog -defer $tmp/${name}_window.v $cells templates/cells/sg_pick.v
    chparam $(cat "$tmp/$name.set") proof
    prep -top proof; flatten; memory_map; async2sync; opt -full; techmap; opt; dffunmap; simplemap
    dfflegalize -cell \$_DFF_P_ 01 -mince 99999 -minsrst 99999; aigmap; setundef -undriven -zero; opt_clean
    write_aiger -zinit $tmp/$name.aig" >"$log" 2>&1 || { cat "$log"; return 1; }
  yosys-abc -c "read_aiger $tmp/$name.aig; fold; scorr; bmc3 -F $depth" >"$log" 2>&1 || { cat "$log"; return 1; }
  grep -q "No output asserted in $depth frames" "$log" || { cat "$log"; echo "formal: $name: NOT proved" >&2; return 1; }
  echo "formal: window $name: proved, $depth cycles"
}

cargo build --quiet --no-default-features --example make_windows
target/debug/examples/make_windows "$tmp"
for name in ring_padded ring_folds ring_stride ring_dropped ring_pool; do window $name 24; done
[ "${1:-}" != all ] || for name in banks_padded banks_stride banks_dropped; do window $name 20; done
