#!/usr/bin/env bash
# The reference network at three sizes: scripts/ref28.sh [IMAGES [SEED]]. Writes rtl_out/ref28, ref28-fast and
# ref28-small, each with its network, proves them bit-exact in simulation and prints cycles and utilisation.
# `slimgate synth rtl_out/ref28 --target xcup` has the resources. Needs no libtorch.
set -euo pipefail
cd "$(dirname "$0")/.."
images=${1:-20}
seed=${2:-1}
cargo build --quiet --no-default-features --bin slimgate --example make_ref28
slimgate=target/debug/slimgate

# point FOLDER NETWORK CYCLES DSPS [FLAG…]
point() {
  local dir=rtl_out/$1
  target/debug/examples/make_ref28 "$dir/network" "$2" "$seed"
  "$slimgate" rtl "$dir/network" --out "$dir" --target-cycles "$3" --max-dsp "$4" --device xczu7ev "${@:5}"
  "$slimgate" sim "$dir" --data random --images "$images"
}

point ref28 ref28 3584 152
point ref28-fast ref28_fast 1600 592
point ref28-small ref28_small 57500 11 --max-lut 3000
