#!/usr/bin/env python3
"""Margin searches replayed on the study's grid: scripts/replay.py. All 2,660 combinations of docs/results/study/seed1-search.jsonl.gz
are measured, so what a search would have found for any target, margin, with trades and without, needs no training. Prints, for
each margin (rungs of iq and of ns), the network that is found against the smallest on the grid, over targets 4 to 73 promille
below the baseline, and the candidates asked for; the order is iq, ns, dc, the schedule bisection (docs/method.md).
"""

import gzip
import json
from pathlib import Path
from statistics import mean

JOURNAL = Path(__file__).resolve().parent.parent / "docs/results/study/seed1-search.jsonl.gz"
ORDER = ("iq", "ns", "dc")
RUNGS = (7, 19, 20)
BASELINE = 0.843
TARGETS = [BASELINE - drop / 1000 for drop in range(4, 74, 3)]


def grid():
    """By rungs of iq, ns and dc: (validation accuracy, stored bits)."""
    with gzip.open(JOURNAL, "rt", encoding="utf-8") as file:
        entries = {entry["key"]: entry for entry in map(json.loads, file)}
    found = {}
    for entry in entries.values():
        path, at = [], entry
        while at:
            if at["role"] == "candidate":
                path.insert(0, (at["stage"], at["rung"]))
            at = entries.get(at["parent"])
        if tuple(stage for stage, _ in path) == ORDER:
            found[tuple(rung for _, rung in path)] = entry["val_accuracy"], entry["stored_bits"]
    return found


class Replay:
    """One search: the combinations that it asks for."""

    def __init__(self, networks, target):
        self.networks, self.target, self.asked = networks, target, set()

    def passes(self, path):
        self.asked.add(path)
        return self.networks[path][0] >= self.target

    def bits(self, path):
        return self.networks[path][1]

    def margin_search(self, margins):
        """The path that it ends at; rung 0 is also what a stage that nothing passes leaves (0 %, or the mildest bits)."""
        path = [0, 0, 0]
        for stage, rungs in enumerate(RUNGS):
            good, bad = 0, rungs
            while good < bad:
                rung = good + (bad - good) // 2
                if self.passes((*path[:stage], rung, *path[stage + 1:])):
                    good = rung + 1
                else:
                    bad = rung
            path[stage] = max(good - 1 - margins[stage], 0)
        return tuple(path)

    def trades(self, path):
        """The path after every trade that makes it smaller."""
        stage = len(path) - 2
        while stage >= 0:
            traded = self.traded(path, stage) if path[stage] else None
            if traded and self.bits(traded) < self.bits(path):
                path, stage = traded, len(path) - 2
            else:
                stage -= 1
        return path

    def traded(self, path, stage):
        """A rung back in `stage`, and the last one as deep as it then goes."""
        back = [rung - (at == stage) for at, rung in enumerate(path[:-1])]
        found = None
        for rung in range(path[-1] + 1, RUNGS[-1]):
            if not self.passes((*back, rung)):
                break
            found = (*back, rung)
        return found


def main():
    networks = grid()
    print("| margins of iq, ns | size / smallest (most) | candidates | with trades: size / smallest (most) | candidates |")
    print("|---|---:|---:|---:|---:|")
    for margins in [(iq, ns, 0) for iq in range(3) for ns in range(3)]:
        cells = []
        for trade in (False, True):
            ratios, counts = [], []
            for target in TARGETS:
                replay = Replay(networks, target)
                path = replay.margin_search(margins)
                path = replay.trades(path) if trade else path
                ratios.append(replay.bits(path) / min(bits for accuracy, bits in networks.values() if accuracy >= target))
                counts.append(len(replay.asked))
            cells += [f"{mean(ratios):.2f} ({max(ratios):.2f})", f"{mean(counts):.1f}"]
        print(f"| {margins[0]}, {margins[1]} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
