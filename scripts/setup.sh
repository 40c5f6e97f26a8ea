#!/usr/bin/env bash
# Installs what slimgate needs beside cargo: a C++ compiler, the simulators, synthesis and proof tools, Fashion-MNIST
# (Debian and Ubuntu packages) and libtorch (into .deps/). Idempotent: what is there is left alone, and then it needs no network.
#   scripts/setup.sh              everything
#   scripts/setup.sh --no-train   without libtorch, for `cargo build --no-default-features`
# A libtorch of your own: export LIBTORCH=/path/to/libtorch, and it is neither downloaded nor replaced.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "setup: $*"; }
stop() { echo "error: $*" >&2; exit 2; }
has() { command -v "$1" >/dev/null 2>&1; }

# Prints the packages that are missing, one a line.
missing_packages() {
  has g++ || echo g++
  has make || echo make
  has verilator || echo verilator
  has iverilog || echo iverilog
  has yosys || echo yosys
  has z3 || echo z3
  has_data || echo dataset-fashion-mnist
  if wants_libtorch; then
    has python3 || echo python3
    python3 -m pip --version >/dev/null 2>&1 || python3 -m ensurepip --version >/dev/null 2>&1 || echo python3-pip
  fi
}

# Fashion-MNIST where examples/fashion.toml looks for it.
has_data() {
  local dir
  for dir in data/fashion-mnist "$HOME/data/fashion-mnist" /usr/share/datasets/fashion-mnist; do
    if compgen -G "$dir/train-images*idx3-ubyte*" >/dev/null; then return 0; fi
  done
  return 1
}

wants_libtorch() {
  [ "$no_train" = 0 ] && [ -z "${LIBTORCH:-}" ] && ! scripts/setup-libtorch.sh --check
}

install_packages() {
  local packages=("$@") sudo=()
  has apt-get || stop "found no apt-get; install these by hand (names as in Debian): ${packages[*]}"
  if [ "$(id -u)" != 0 ]; then
    has sudo || stop "not root and no sudo; run as root: apt-get install ${packages[*]}"
    sudo=(sudo)
  fi
  say "installing ${packages[*]}"
  "${sudo[@]}" apt-get update -qq || say "apt-get update failed; trying with the package lists as they are"
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" \
    || stop "apt-get could not install: ${packages[*]} (on Ubuntu, is the component 'universe' enabled?)"
}

# A standard-cell library for the gate-level check of power estimates: one file of a Debian package (62 kB) that would bring
# a whole tool chain along. Nothing else needs it.
liberty=.deps/liberty/osu018_stdcells.lib
fetch_liberty() {
  local dir
  dir=$(mktemp -d)
  if (cd "$dir" && apt-get download -qq -o APT::Sandbox::User=root qflow-tech-osu018 && dpkg -x ./*.deb .) >/dev/null 2>&1; then
    mkdir -p "$(dirname "$liberty")"
    mv "$dir/usr/share/qflow/tech/osu018/osu018_stdcells.lib" "$liberty"
  else
    say "no package qflow-tech-osu018: the gate-level check of power estimates will be skipped"
  fi
  rm -rf "$dir"
}

no_train=0
case "${1:-}" in
  "") ;;
  --no-train) no_train=1 ;;
  *) stop "unknown option $1; expected --no-train or nothing" ;;
esac

# A link to a folder that is gone (a copied work tree) is in the way of mkdir.
if [ -L .deps ] && [ ! -e .deps ]; then rm .deps; fi

has cargo || stop "found no cargo; expected Rust 1.85 or later, from rustup"
mapfile -t packages < <(missing_packages)
if [ "${#packages[@]}" -gt 0 ]; then
  install_packages "${packages[@]}"
else
  say "compiler, simulators, Yosys, z3 and Fashion-MNIST are there"
fi

[ -f "$liberty" ] || fetch_liberty

if [ "$no_train" = 1 ]; then
  say "without libtorch: build with 'cargo build --no-default-features'"
elif [ -n "${LIBTORCH:-}" ]; then
  [ -d "$LIBTORCH/lib" ] || stop "LIBTORCH=$LIBTORCH: found no folder lib in it; expected a libtorch 2.13"
  say "using your libtorch, LIBTORCH=$LIBTORCH"
else
  scripts/setup-libtorch.sh
fi

for tool in fmt clippy; do
  cargo "$tool" --version >/dev/null 2>&1 \
    || say "cargo $tool is missing ('make test' and 'make lint' will skip it): rustup component add rustfmt clippy"
done
say "done"
