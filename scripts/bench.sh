#!/usr/bin/env bash
# Speeds and hardware figures: scripts/bench.sh [CONFIG]. Those of the reference network against the project's bars (minutes:
# it is synthesized four times, its trained form once), then those of CONFIG's run, which is made first with `make run`.
set -euo pipefail
cd "$(dirname "$0")/.."
config=${1:-examples/fashion.toml}
slimgate=target/debug/slimgate
cargo build --quiet --bin slimgate --example make_ref28 --example make_network
python3 -B scripts/bench/bars.py "$slimgate" target/debug/examples/make_{ref28,network}

name=$(sed -n 's/^name *= *"\(.*\)".*/\1/p' "$config")
run=runs/$name
if [ ! -e "$run/report.json" ]; then
  echo "error: $run: found no report.json; expected a finished run (make run CONFIG=$config)" >&2; exit 2
fi
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
data=$(python3 - "$run/config.toml" <<'P'
import ast, os, re, sys
dirs = re.search(r'\[data\][^[]*?\bdir = (\[[^]]*\]|"[^"]*")', open(sys.argv[1]).read()).group(1)
dirs = ast.literal_eval(dirs)
print(next(d for d in map(os.path.expanduser, [dirs] if isinstance(dirs, str) else dirs) if os.path.isdir(d)))
P
)

"$slimgate" eval "$run" --data "$data" --json > "$tmp/eval.json"
start=$(date +%s%N)
"$slimgate" rtl "$run" --out "$tmp/$name" >/dev/null
echo "generation: $(( ($(date +%s%N) - start) / 1000000 )) ms, weights included"
"$slimgate" sim "rtl_out/$name" --images 1000 --json > "$tmp/sim.json"
python3 - "$tmp/eval.json" "$tmp/sim.json" "$run/search.jsonl" "$run/report.json" <<'P'
import json, sys
evaluated, sim = (json.load(open(path)) for path in sys.argv[1:3])
entries = [json.loads(line) for line in open(sys.argv[3])]
report = json.load(open(sys.argv[4]))
measured, planned = sim["cycles_per_image"], sim["planned_cycles_per_image"]
print(f"interpreter: {evaluated['images_per_second']:.0f} images/s, accuracy {100 * evaluated['accuracy']:.2f} % of {evaluated['images']}")
print(f"simulation: {sim['images']} images, {sim['mismatches']} mismatches, {sim['cycles_per_second']:.0f} cycles/s")
print(f"cycles an image: {measured:.1f} measured, {planned} planned, ratio {measured / planned:.3f}; latency {sim['latency_cycles']}")
for layer, share in sim["lane_utilisation"].items():
    print(f"lane utilisation, {layer}: {share:.3f}")
candidates = [e for e in entries if e["role"] == "candidate"]
print(f"search: {len(candidates)} candidates, {sum(e['seconds'] for e in entries):.0f} s with preparation and polish")
ratios = report["ratios"]
print(f"compression: {ratios['stored_bits']:.1f} x in stored_bits, {ratios['params_bits']:.1f} x in params_bits, {ratios['bops']:.0f} x in BOPs, "
      f"{100 * ratios['test_accuracy_loss']:+.2f} points of test accuracy lost")
P
