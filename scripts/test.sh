#!/usr/bin/env bash
# The whole test suite: what `make test` and continuous integration run.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/lint.sh
# Idle OpenMP threads that spin slow down everything else on the machine.
export OMP_WAIT_POLICY=PASSIVE
cargo test --quiet --no-default-features
# Only what needs libtorch: the rest has just passed.
cargo test --quiet --lib --test 'train_*' --test 'search_*' --test 'resume*'
scripts/formal.sh
# Tests that are no Rust tests: each an executable, silent unless it fails.
for script in scripts/tests/*.sh; do
  [ -e "$script" ] || continue
  echo "test: $script"
  "$script"
done
