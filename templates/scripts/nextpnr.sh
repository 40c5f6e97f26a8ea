#!/bin/sh
# Synthesis, placement and routing of @{ top }@ for @{ device }@ at @{ mhz }@ MHz, pins left free.
# Run in the design's folder: sh synth/nextpnr.sh
set -e
yosys -q -l synth/@{ family }@.log -s synth/@{ family }@.ys
@{ program }@ @{ options }@ --freq @{ mhz }@ --seed 1 \
  --json synth/@{ family }@.json --log synth/nextpnr.log --report synth/nextpnr.json
