#!/usr/bin/env python3
"""Fits src/plan/estimate/luts.json to measured designs and reports errors; scripts/estimates.sh calls it.

  estimates.py fit FOLDER       luts.json anew from FOLDER's designs (written and measured by the examples make_estimates and
                                measure_estimates)
  estimates.py fixture FOLDER   tests/fixtures/estimates.json: what was measured
  estimates.py report FOLDER    estimated against measured, a line a design; a part of FOLDER held out of the fit if FOLD=K/N
  estimates.py modules FOLDER FIGURE [FAMILY]   the same by module, the largest differences last

Non-negative least squares over relative errors: a line for every design, and one for every engine and window generator
measured with its borders kept. Each number is drawn a little towards that of the file, so that what no design has stays.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "src/plan/estimate/luts.json"
FIXTURE = ROOT / "tests/fixtures/estimates.json"
# A design's line against a module's, and the pull towards the number before, in lines.
DESIGN_WEIGHT = 4.0
PULL = 0.02
# LUTs of a module below which its error counts less.
SMALL = 60.0


def designs(folder):
    """Measured designs: name to parts with their measurement."""
    parts = json.loads((folder / "parts.json").read_text())
    found = {}
    for name, design in parts.items():
        file = folder / name / "measured.json"
        if file.exists():
            found[name] = design | {"measured": json.loads(file.read_text())}
    return found


def whole(design):
    """Amounts of the features of a design, LUTs and flip-flops that are counted."""
    amounts, luts, ff = {}, 0.0, 0.0
    for module in design["modules"].values():
        luts += module["luts"]
        ff += module["ff"]
        for feature, amount in module["amounts"].items():
            amounts[feature] = amounts.get(feature, 0.0) + amount
    return amounts, luts, ff


def equations(found, family):
    """(amounts, LUTs to explain, weight) of the family's designs and modules."""
    lines = []
    for design in found.values():
        if design["family"] != family:
            continue
        amounts, luts, _ = whole(design)
        measured = design["measured"]["flat"]["lut"]
        lines.append((amounts, measured - luts, DESIGN_WEIGHT / measured))
        for name, module in design["modules"].items():
            lut = design["measured"]["modules"].get(name, {}).get("lut")
            if lut is not None:
                lines.append((module["amounts"], lut - module["luts"], 1.0 / (lut + SMALL)))
    return lines


def fit(lines, prior):
    """Non-negative least squares by coordinate descent."""
    features = list(prior)
    index = {f: i for i, f in enumerate(features)}
    rows = [([(index[f], a * w) for f, a in amounts.items()], target * w) for amounts, target, w in lines]
    columns = [[] for _ in features]
    for r, (row, _) in enumerate(rows):
        for i, a in row:
            columns[i].append((r, a))
    x = [prior[f] for f in features]
    rest = [target - sum(a * x[i] for i, a in row) for row, target in rows]
    for _ in range(400):
        for i, column in enumerate(columns):
            norm = sum(a * a for _, a in column)
            if norm == 0.0:
                continue
            pull = PULL / max(prior[features[i]], 0.05) ** 2
            slope = sum(a * rest[r] for r, a in column) + pull * (prior[features[i]] - x[i])
            new = max(0.0, x[i] + slope / (norm + pull))
            step = new - x[i]
            if step:
                x[i] = new
                for r, a in column:
                    rest[r] -= a * step
    return {f: round(v, 4) for f, v in zip(features, x)}


def estimate(design, table):
    amounts, luts, ff = whole(design)
    lut = luts + sum(table[f] * a for f, a in amounts.items())
    return {"lut": lut, "ff": ff, "dsp": design["estimate"]["dsp"], "bram": design["estimate"]["bram"]}


def report(found, table):
    worst = {}
    for name, design in found.items():
        got, flat = estimate(design, table[design["family"]]), design["measured"]["flat"]
        errors = {k: (got[k] / flat[k] - 1) * 100 for k in ("lut", "ff")}
        exact = {k: got[k] == flat[k] for k in ("dsp", "bram")}
        marks = "".join("" if ok else f" {k} {got[k]:g} for {flat[k]:g}" for k, ok in exact.items())
        bad = "!" if marks or max(map(abs, errors.values())) > 10 else " "
        print(f"{bad} {name:24} LUT {flat['lut']:6} {errors['lut']:+6.1f} %  FF {flat['ff']:6} {errors['ff']:+6.1f} % {marks}")
        for key, error in errors.items():
            worst.setdefault((design["family"], key), []).append(abs(error))
    for (family, key), errors in sorted(worst.items()):
        inside = sum(e <= 10 for e in errors)
        print(f"{family} {key}: {inside} of {len(errors)} within 10 %, mean {sum(errors) / len(errors):.1f}, worst {max(errors):.1f}")


def modules(found, table, figure, family):
    lines = []
    for name, design in found.items():
        if family and design["family"] != family:
            continue
        for module, parts in design["modules"].items():
            measured = design["measured"]["modules"].get(module)
            if measured:
                got = parts["luts"] + sum(table[design["family"]][f] * a for f, a in parts["amounts"].items())
                got = parts["ff"] if figure == "ff" else got
                lines.append((got - measured[figure], name, module, got, measured[figure], parts["amounts"], parts["luts"]))
    for difference, name, module, got, measured, amounts, luts in sorted(lines, key=lambda line: abs(line[0])):
        print(f"{difference:+8.0f} {name:22} {module:28} {got:7.0f} for {measured:6}  {luts:.0f} " + " ".join(f"{f}={a:g}" for f, a in amounts.items()))


def main():
    command, folder = sys.argv[1], Path(sys.argv[2])
    found = designs(folder)
    table = json.loads(TABLE.read_text())
    if command == "fit":
        for family in table:
            lines = equations(found, family)
            if lines:
                table[family] = fit(lines, table[family])
        TABLE.write_text(json.dumps(table, indent=2) + "\n")
        report(found, table)
    elif command == "report":
        report(found, table)
    elif command == "modules":
        modules(found, table, sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else None)
    elif command == "fixture":
        known = json.loads(FIXTURE.read_text()) if FIXTURE.exists() else {}
        for name, design in found.items():
            measured = design["measured"]
            version = " ".join(measured["tool"].split()[:2])
            figures = {k: measured["flat"][k] for k in ("lut", "ff", "dsp", "bram")}
            known.setdefault(version, {})[name] = figures
        FIXTURE.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
