#!/usr/bin/env bash
# Speeds and hardware figures of a finished run: scripts/bench.sh [CONFIG] (made first with `make run`).
set -euo pipefail
cd "$(dirname "$0")/.."
config=${1:-examples/fashion.toml}
slimgate=target/debug/slimgate
name=$("$slimgate" check "$config" --resolved --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["name"])')
run=runs/$name
if [ ! -e "$run/network.json" ]; then
  echo "error: $run: found no network.json; expected a finished run (make run CONFIG=$config)" >&2; exit 2
fi
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT

cargo run --quiet --example interpreter_speed | sed 's/^/interpreter, /'
start=$(date +%s%N)
"$slimgate" rtl "$run" --out "$tmp/$name" >/dev/null
echo "generation: $(( ($(date +%s%N) - start) / 1000000 )) ms"
"$slimgate" sim "rtl_out/$name" --images 1000 --json > "$tmp/sim.json"
python3 - "$tmp/sim.json" "$run/search.jsonl" <<'P'
import json, sys
sim = json.load(open(sys.argv[1]))
entries = [json.loads(line) for line in open(sys.argv[2])]
measured, planned = sim["cycles_per_image"], sim["planned_cycles_per_image"]
print(f"simulation: {sim['images']} images, {sim['mismatches']} mismatches, {sim['cycles_per_second']:.0f} cycles/s")
print(f"cycles an image: {measured:.1f} measured, {planned} planned, ratio {measured / planned:.3f}; latency {sim['latency_cycles']}")
for layer, share in sim["lane_utilisation"].items():
    print(f"lane utilisation, {layer}: {share:.3f}")
candidates = [e for e in entries if e["role"] == "candidate"]
print(f"search: {len(candidates)} candidates, {sum(e['seconds'] for e in entries):.0f} s with baseline, preparation and polish")
P
