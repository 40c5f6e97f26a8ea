#!/usr/bin/env bash
# Format and lints of the Rust code, with and without training. Skips, with a word, a tool that is not installed.
set -euo pipefail
cd "$(dirname "$0")/.."

has_component() {
  cargo "$1" --version >/dev/null 2>&1 || { echo "lint: no cargo $1, skipped (rustup component add rustfmt clippy)"; return 1; }
}

if has_component fmt; then cargo fmt --check; fi
if has_component clippy; then
  cargo clippy --quiet --all-targets --no-default-features -- -D warnings
  cargo clippy --quiet --all-targets -- -D warnings
fi
