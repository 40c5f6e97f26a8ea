#!/usr/bin/env python3
"""Margin searches replayed on the study's grid: scripts/replay.py. All 2,660 combinations of docs/results/study/seed1-search.jsonl.gz
are measured, so what a search would have found for any target, margin, with trades and without, needs no training. Prints, for
each margin (rungs of iq and of ns), the network that is found against the smallest on the grid, over targets 4 to 73 promille
below the baseline (searches that miss theirs left out), and the candidates asked for; the order is iq, ns, dc, the schedule
bisection (docs/method.md). Then how far the grid agrees with the part of it that was trained a second time (seed1-again).
"""

import gzip
import json
from pathlib import Path
from statistics import mean, pstdev

STUDY = Path(__file__).resolve().parent.parent / "docs/results/study"
JOURNAL = STUDY / "seed1-search.jsonl.gz"
# The second training of a part (again.toml), and which rung of JOURNAL the first of its rungs is.
AGAIN, FIRST = STUDY / "seed1-again.jsonl.gz", (2, 0, 15)
ORDER = ("iq", "ns", "dc")
RUNGS = (7, 19, 20)
BASELINE = 0.843
TARGETS = [round(BASELINE - drop / 1000, 3) for drop in range(4, 74, 3)]


def grid(journal=JOURNAL, first=(0, 0, 0)):
    """By rungs of iq, of iq and ns, and of all three: (validation accuracy, stored bits)."""
    with gzip.open(journal, "rt", encoding="utf-8") as file:
        entries = {entry["key"]: entry for entry in map(json.loads, file)}
    found = {}
    for entry in entries.values():
        path, at = [], entry
        while at:
            if at["role"] == "candidate":
                path.insert(0, (at["stage"], at["rung"]))
            at = entries.get(at["parent"])
        if path and tuple(stage for stage, _ in path) == ORDER[:len(path)]:
            found[tuple(rung + start for (_, rung), start in zip(path, first))] = entry["val_accuracy"], entry["stored_bits"]
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
        path = ()
        for rungs, margin in zip(RUNGS, margins):
            good, bad = 0, rungs
            while good < bad:
                rung = good + (bad - good) // 2
                if self.passes((*path, rung)):
                    good = rung + 1
                else:
                    bad = rung
            path = (*path, max(good - 1 - margin, 0))
        return path

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
        back = tuple(rung - (at == stage) for at, rung in enumerate(path[:-1]))
        found = None
        self.asked.update(back[:end] for end in range(stage + 1, len(path)))
        for rung in range(path[-1] + 1, RUNGS[-1]):
            if not self.passes((*back, rung)):
                break
            found = (*back, rung)
        return found


def smallest(networks, target):
    """The combination of all three stages with the fewest bits that meets `target`."""
    return min((path for path, found in networks.items() if len(path) == len(ORDER) and found[0] >= target),
               key=lambda path: networks[path][1])


def repeated(networks, again):
    """Two trainings of the same combinations: how far accuracies differ, and what becomes of the grid's smallest."""
    apart = [found[0] - networks[path][0] for path, found in again.items()]
    print(f"\n{len(apart)} networks trained twice: accuracies differ by {100 * mean(apart):.2f} points on average, standard deviation "
          f"{100 * pstdev(apart):.2f}, most {100 * max(map(abs, apart)):.1f}")
    winners = [(target, smallest(networks, target)) for target in TARGETS]
    winners = [(target, path) for target, path in winners if path in again]
    missed = sum(again[path][0] < target for target, path in winners)
    ratios = [again[smallest(again, target)][1] / networks[path][1] for target, path in winners]
    print(f"the grid's smallest misses {missed} of {len(winners)} targets the second time; the smallest of the second time has "
          f"{min(ratios):.2f} to {max(ratios):.2f} times its bits")


def main():
    networks = grid()
    # The study's own search, which was not replayed.
    assert Replay(networks, 0.833).margin_search((1, 1, 0)) == (4, 2, 17)
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
                counts.append(len(replay.asked))
                if networks[path][0] < target:
                    continue
                ratios.append(replay.bits(path) / networks[smallest(networks, target)][1])
            cells += [f"{mean(ratios):.2f} ({max(ratios):.2f})", f"{mean(counts):.1f}"]
        print(f"| {margins[0]}, {margins[1]} | {' | '.join(cells)} |")
    repeated(networks, grid(AGAIN, FIRST))


if __name__ == "__main__":
    main()
