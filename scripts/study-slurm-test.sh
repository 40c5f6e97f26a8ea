#!/usr/bin/env bash
# `make study-slurm`: a small study shared over Slurm on this machine must make the very networks that it makes alone.
# Uses the Slurm that SLURM_CONF or /etc/slurm names where it answers, else starts one (root: scripts/slurm-one-node.sh).
set -euo pipefail
cd "$(dirname "$0")/.."

if ! { command -v sbatch && timeout 10 sinfo; } >/dev/null 2>&1; then
  SLURM_CONF=$(scripts/slurm-one-node.sh start)
  export SLURM_CONF
  trap 'scripts/slurm-one-node.sh stop' EXIT
fi
mkdir -p runs
folder=$(mktemp -d runs/study-slurm-XXXX)
config=$folder/quick.toml
cat examples/quick.toml - >"$config" <<'END'

[study]
seeds = [1, 2]
orders = [["iq", "ns", "dc"], ["dc", "iq", "ns"]]
END

export OMP_WAIT_POLICY=PASSIVE
"${SLIMGATE:-target/debug/slimgate}" study "$config" --out-root "$folder/alone" >"$folder/alone.log" 2>&1
last=$(ROOT=$folder/shared scripts/study-slurm.sh "$config" 3)
echo "study-slurm: waiting for job $last"
while [ -n "$(squeue --noheader --jobs "$last" 2>/dev/null)" ]; do sleep 1; done

lines() { cat "$folder/$1"/quick/study/seed*/search.jsonl | sed 's/"seconds":[^,]*,//' | sort; }
[ -e "$folder/shared/quick/study/study.json" ] || { echo "study-slurm: no study.json; logs in $folder" >&2; exit 1; }
diff <(lines alone) <(lines shared) >&2 || { echo "study-slurm: other networks than alone; see $folder" >&2; exit 1; }
echo "study-slurm: the same $(lines shared | wc -l) networks, shared over Slurm and alone"
rm -r "$folder"
