#!/usr/bin/env bash
# How planner and generator grow: VGG-16 as compression leaves it (13 convolutions, a sparse fully connected layer, 4 bits,
# 32x32 pixels) with about 0.75, 1.5 and 3 million nonzero weights. A line each: seconds and megabytes of `slimgate plan`
# and `slimgate rtl` for at most 512 lanes (a bisection). scripts/scale.sh [LANES]
set -euo pipefail
cd "$(dirname "$0")/.."
lanes=${1:-512}
[ -x /usr/bin/time ] || { echo "error: found no /usr/bin/time; expected the package time" >&2; exit 2; }
cargo build --quiet --no-default-features --bin slimgate --example make_network
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT

# measured COMMAND…: seconds and megabytes it took.
measured() {
  /usr/bin/time -f "%e %M" -o "$tmp/time" target/debug/slimgate "$@" >/dev/null
  awk '{printf "%5.2f s, %4.0f MB", $1, $2 / 1024}' "$tmp/time"
}

# size NAME A B C D: channels of the four widths of VGG-16.
size() {
  local name=$1 a=$2 b=$3 c=$4 d=$5
  target/debug/examples/make_network "$tmp/$name" "$name" 1 4 32x32x3 "conv:$a" "conv:$a" max:2 "conv:$b" "conv:$b" max:2 \
    "conv:$c" "conv:$c" "conv:$c" max:2 "conv:$d" "conv:$d" "conv:$d" max:2 "conv:$d" "conv:$d" "conv:$d" max:2 \
    "sparse:$d:0.1" dense:10 >"$tmp/made"
  echo "$(sed 's/.*, //' "$tmp/made"): plan $(measured plan "$tmp/$name" --max-lanes "$lanes"), rtl $(measured rtl "$tmp/$name" --out "$tmp/out" --max-lanes "$lanes")"
}

size vgg_quarter 14 29 58 116
size vgg_half 20 41 82 164
size vgg 29 58 116 232
