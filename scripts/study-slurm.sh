#!/usr/bin/env bash
# Shares a study over Slurm: a job array for each level of jobs, each after the one before; then one job that puts the
# study together. Machines must share this folder, and run the same binary with the same number of threads.
#   scripts/study-slurm.sh CONFIG [TASKS [OPTION...]]   TASKS an array (8); OPTIONs of sbatch, such as --cpus-per-task=2
# ROOT: where the runs are (runs); SLIMGATE: the binary. Prints the number of the last job, which ends after all others.
set -euo pipefail
config=$(realpath "${1:?a run file, such as examples/study.toml}")
cd "$(dirname "$0")/.."

tasks=${2:-8}
options=("${@:3}")
root=${ROOT:-runs}
slimgate=${SLIMGATE:-target/debug/slimgate}
command -v sbatch >/dev/null || { echo "study-slurm: no sbatch here; on Debian: apt-get install slurm-wlm" >&2; exit 2; }

# Idle OpenMP threads that spin slow down everything else on the machine.
export OMP_WAIT_POLICY=PASSIVE
study=("$slimgate" study "$config" --out-root "$root")
jobs=$("${study[@]}" --jobs --json)
levels=$(sed -n 's/^  "levels": \([0-9]*\).*/\1/p' <<<"$jobs")
folder=$(sed -n 's/^  "folder": "\(.*\)",/\1/p' <<<"$jobs")
name=$(basename "$(dirname "$folder")")
logs=$folder/slurm
mkdir -p "$logs"

submit() { # NAME COMMAND OPTION...
  local what=$1 command=$2
  shift 2
  sbatch --parsable --job-name="$what" --kill-on-invalid-dep=yes "$@" ${options[@]+"${options[@]}"} --wrap "$command"
}

quoted=$(printf '%q ' "${study[@]}")
after=()
for ((level = 0; level < levels; level++)); do
  share="$quoted --job-index \$SLURM_ARRAY_TASK_ID --of $tasks"
  job=$(submit "$name-level$level" "$share" --array="0-$((tasks - 1))" --output="$logs/%A-%a.log" ${after[@]+"${after[@]}"})
  after=(--dependency="afterok:$job")
done
submit "$name-end" "$quoted" --output="$logs/%j-end.log" "${after[@]}"
