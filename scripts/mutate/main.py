"""Mutation test of a generated design: main.py DESIGN VECTORS COUNT SEED STALL JOBS. See scripts/mutate.sh."""

import collections
import concurrent.futures
import functools
import itertools
import os
import random
import sys
import tempfile
import time

from bench import Bench
from equivalent import Prover
from sites import mutants

# Simulation only, and a register that every tool has.
LEFT_OUT = ("sg_probe.v",)
# Most mutants of these kinds change nothing, and a proof is quicker than a simulation to its end.
MOSTLY_SAME = ("parameter", "sign", "width")
BENCH = ("wrong", "hangs", "slower than planned")
CAUGHT = (*BENCH, "other timing", "lint")


def drawn(bench, seed):
    """All mutants in a random order that takes the kinds in turn: (file, kind, start, end, text)."""
    kinds = collections.defaultdict(list)
    for file in bench.files:
        if os.path.basename(file) not in LEFT_OUT:
            with open(os.path.join(bench.design, file), encoding="utf-8") as source:
                for mutant in mutants(source.read()):
                    kinds[mutant[0]].append((file, *mutant))
    rng = random.Random(seed)
    for kind in sorted(kinds):
        rng.shuffle(kinds[kind])
    while any(kinds.values()):
        for kind in sorted(kinds):
            if kinds[kind]:
                yield kinds[kind].pop()


def changed_line(before, start, end, text):
    """(line number, the line before, the line after)."""
    left, right = before.rfind("\n", 0, start) + 1, before.find("\n", end)
    right = len(before) if right < 0 else right
    def flat(line):
        return " ".join(line.split())
    return before.count("\n", 0, start) + 1, flat(before[left:right]), flat(before[left:start] + text + before[end:right])


def test(bench, mutant):
    """Simulates one mutant, unless it is soon proved the same; what the simulation does not catch is proved at length, or linted."""
    file, kind, start, end, text = mutant
    with open(os.path.join(bench.design, file), encoding="utf-8") as source:
        before = source.read()
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, os.path.basename(file))
        with open(copy, "w", encoding="utf-8") as target:
            target.write(before[:start] + text + before[end:])
        changed = {file: copy}
        prover = functools.cache(lambda: Prover(bench, folder))
        if kind in MOSTLY_SAME and prover().quickly_same(file, changed):
            verdict = "equivalent"
        else:
            verdict = bench.run(changed, folder)[0]
        if verdict == "passed":
            verdict = "equivalent" if prover().same(file, changed) else "survived" if bench.lint(changed) else "lint"
    return verdict, (kind, file, *changed_line(before, start, end, text))


def table(found):
    """Verdicts by kind."""
    heads = ["wrong", "hangs", "slower than planned", "other timing", "lint", "survived", "equivalent", "does not compile"]
    print(f"{'kind':<14}" + "".join(f"{head:>{len(head) + 2}}" for head in heads))
    for kind in sorted({row[1][0] for row in found}) + ["all"]:
        counts = collections.Counter(verdict for verdict, row in found if kind in (row[0], "all"))
        print(f"{kind:<14}" + "".join(f"{counts[head]:>{len(head) + 2}}" for head in heads))


def main():
    design, vectors, count, seed, stall, jobs = sys.argv[1:]
    count, begun = int(count), time.monotonic()
    bench = Bench(design, vectors, stall, seed)
    with tempfile.TemporaryDirectory() as folder:
        seconds = bench.calibrate(folder)
    print(f"{design}: unchanged, the bench passes in {seconds:.1f} processor seconds", flush=True)
    order, found, scored = drawn(bench, seed), [], 0
    with concurrent.futures.ThreadPoolExecutor(int(jobs)) as pool:
        def more(mutants):
            return [pool.submit(test, bench, mutant) for mutant in itertools.islice(order, mutants)]
        pending = collections.deque(more(count))
        while pending:
            try:
                verdict, row = pending.popleft().result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
            found.append((verdict, row))
            if verdict in CAUGHT or verdict == "survived":
                scored += 1
            else:
                pending.extend(more(1))
            print(f"\r{scored} of {count}", end="", file=sys.stderr, flush=True)
            if verdict == "survived":
                kind, file, line, before, after = row
                print(f"survived: {file}:{line} ({kind})\n  before  {before}\n  after   {after}", flush=True)
    table(found)
    caught = sum(verdict in CAUGHT for verdict, _ in found)
    by_bench = sum(verdict in BENCH for verdict, _ in found)
    print(f"{caught} of {scored} mutants caught, {100 * caught / scored:.1f} % (by scores, protocol and pace alone {by_bench}), seed {seed}; "
          f"{len(found) - scored} skipped (no compile, or proved equivalent); {time.monotonic() - begun:.0f} s")
    return 0 if caught >= 0.98 * scored else 1


if __name__ == "__main__":
    sys.exit(main())
