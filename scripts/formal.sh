#!/usr/bin/env bash
# Proves the cells of formal/ with yosys-smtbmc and z3: bounded from reset, and by induction where a proof is inductive.
#   scripts/formal.sh
set -euo pipefail
cd "$(dirname "$0")/.."
for tool in yosys yosys-smtbmc z3; do
  command -v "$tool" >/dev/null || { echo "error: found no $tool; expected it installed (make setup)" >&2; exit 2; }
done
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
# The generated design's cells, and those that it does not need.
cells="rtl_out/example/rtl/sg_*.v templates/cells/sg_fork.v templates/cells/sg_buffer.v"

# prove NAME DEPTH INDUCTION-DEPTH [PARAMETER VALUE]...: formal/NAME.v; induction depth 0 leaves induction out.
prove() {
  local name=$1 depth=$2 induction=$3; shift 3
  local set="" label=$name
  while [ $# -gt 0 ]; do set+="-set $1 $2 "; label+=" $1=$2"; shift 2; done
  local smt="$tmp/$name.smt2" log="$tmp/$name.log"
  yosys -q -p "read_verilog -formal formal/$name.v; read_verilog -defer $cells; chparam $set proof
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
  for variable in 0 1; do prove requant 6 0 OutSigned "$signed" VarShift "$variable"; done
done
