#!/usr/bin/env bash
# Lints generated designs: Verilator with all warnings as errors, Icarus, and Yosys read every file.
#
#   scripts/lint-rtl.sh rtl_out/example [MORE…]
set -euo pipefail
[ $# -gt 0 ] || { echo "usage: scripts/lint-rtl.sh DESIGN…" >&2; exit 2; }
sim="$(dirname "$0")/../sim"
for design in "$@"; do
    make -s -C "$sim" lint DESIGN="$(realpath "$design")"
    echo "$design: clean"
done
