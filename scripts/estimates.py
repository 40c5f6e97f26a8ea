#!/usr/bin/env python3
"""The planner's LUT model and its fixture; scripts/estimates.sh calls it on a FOLDER of designs that the examples make_estimates
and measure_estimates wrote and measured.

  estimates.py order FOLDER [FAMILY ...]
                                 the names of the designs to measure, those of the most LUTs last: with ANEW=1 all, else those of the
                                 families and those whose Verilog is not that of the fixture
  estimates.py fit FOLDER        the numbers of the families whose engines were measured, in src/plan/estimate/luts.json, anew
  estimates.py fixture FOLDER    tests/fixtures/estimates.json: what was measured
  estimates.py table FOLDER      docs/hardware.md: measured and estimated, a line a design
  estimates.py report FOLDER     the same to read, with the errors
  estimates.py modules FOLDER lut|ff FAMILY   the same by module, the largest differences last

Fit: non-negative least squares over relative errors, a line for every design, and one for every engine and window generator
measured with its borders kept. Each number is drawn a little towards that of the file, so that what no design has stays.
"""

import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "src/plan/estimate/luts.json"
FIXTURE = ROOT / "tests/fixtures/estimates.json"
DOC = ROOT / "docs/hardware.md"
BEGIN, END = "<!-- estimates:begin -->\n", "<!-- estimates:end -->\n"
# A design's line against a module's, and the pull towards the number before, in lines.
DESIGN_WEIGHT = 4.0
PULL = 0.02
# LUTs of a module below which its error counts less.
SMALL = 60.0
ROUNDS = 400


def designs(folder):
    """All designs: name to parts, with the measurement where there is one, in the folder or in the fixture."""
    found = json.loads((folder / "parts.json").read_text())
    known = json.loads(FIXTURE.read_text())
    for name, design in found.items():
        file, before = folder / name / "measured.json", known["designs"].get(name, {})
        design["known"] = before.get("verilog") == design["verilog"] and "ANEW" not in os.environ
        measured = json.loads(file.read_text()) if file.exists() else None
        # A file about other Verilog has other figures.
        if design["known"] and (measured is None or any(measured["flat"][k] != before[k] for k in ("lut", "ff", "dsp", "bram"))):
            measured = {"tool": known["tool"], "flat": before, "modules": {}}
        design["measured"] = measured
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
        if design["family"] != family or not design["measured"]:
            continue
        amounts, luts, _ = whole(design)
        measured = design["measured"]["flat"]["lut"]
        lines.append((amounts, measured - luts, DESIGN_WEIGHT / measured))
        for name, module in design["modules"].items():
            lut = design["measured"]["modules"].get(name, {}).get("lut")
            if lut is not None:
                lines.append((module["amounts"], lut - module["luts"], 1.0 / (lut + SMALL)))
    return lines


def measured_by_module(found):
    """Families whose designs all have a measurement of each engine."""
    lacking = {d["family"] for d in found.values() if not (d["measured"] and d["measured"]["modules"])}
    return {d["family"] for d in found.values()} - lacking


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
    for _ in range(ROUNDS):
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
    """The model's figures with the numbers of `table`."""
    amounts, luts, ff = whole(design)
    lut = luts + sum(table[f] * a for f, a in amounts.items())
    return {"lut": lut, "ff": ff, "dsp": design["estimate"]["dsp"], "bram": design["estimate"]["bram"]}


def compared(found, table):
    """(name, family, estimated, measured, errors of LUT and FF in percent) of every measured design."""
    for name, design in found.items():
        if design["measured"]:
            got, flat = estimate(design, table[design["family"]]), design["measured"]["flat"]
            errors = {k: (got[k] / flat[k] - 1) * 100 for k in ("lut", "ff")}
            yield name, design["family"], got, flat, errors


def report(found, table):
    families = {}
    for name, family, got, flat, errors in compared(found, table):
        marks = "".join(f" {k} {got[k]:g} for {flat[k]:g}" for k in ("dsp", "bram") if got[k] != flat[k])
        bad = "!" if marks or max(map(abs, errors.values())) > 10 else " "
        print(f"{bad} {name:24} LUT {flat['lut']:6} {errors['lut']:+6.1f} %  FF {flat['ff']:6} {errors['ff']:+6.1f} % {marks}")
        for key in errors:
            families.setdefault((family, key), []).append((errors[key], got[key], flat[key]))
    for (family, key), rows in sorted(families.items()):
        off = [abs(error) for error, _, _ in rows]
        total = (sum(got for _, got, _ in rows) / sum(flat for _, _, flat in rows) - 1) * 100
        print(f"{family} {key}: {sum(e <= 10 for e in off)} of {len(off)} within 10 %, mean {sum(off) / len(off):.1f}, "
              f"worst {max(off):.1f}, in all {total:+.1f}")


def doc_table(found, table):
    """The table of docs/hardware.md."""
    lines = ["| design | family | LUT, Yosys | estimated | FF, Yosys | estimated | DSP | BRAM |", "|---|---|---:|---:|---:|---:|---:|---:|"]
    for name, family, got, flat, errors in compared(found, table):
        both = lambda k: f"{flat[k]:g}" if got[k] == flat[k] else f"{flat[k]:g} ({got[k]:g})"
        design, device = name.split(".")
        shown = f"{family}, {device}" if device == "ice40up5k" else family
        lines.append(f"| `{design}` | {shown} | {flat['lut']:,} | {errors['lut']:+.1f} % | {flat['ff']:,} | {errors['ff']:+.1f} % "
                     f"| {both('dsp')} | {both('bram')} |")
    return "\n".join(lines) + "\n"


def modules(found, table, figure, family):
    lines = []
    for name, design in found.items():
        if family != design["family"] or not design["measured"]:
            continue
        for module, parts in design["modules"].items():
            measured = design["measured"]["modules"].get(module)
            if measured:
                lut = parts["luts"] + sum(table[family][f] * a for f, a in parts["amounts"].items())
                got = parts["ff"] if figure == "ff" else lut
                lines.append((got - measured[figure], name, module, got, measured[figure], parts["amounts"], parts["luts"]))
    for difference, name, module, got, measured, amounts, luts in sorted(lines, key=lambda line: abs(line[0])):
        shown = " ".join(f"{f}={a:g}" for f, a in amounts.items())
        print(f"{difference:+8.0f} {name:22} {module:28} {got:7.0f} for {measured:6}  {luts:.0f} {shown}")


def fixture(found):
    """What was measured, for tests/estimates.rs."""
    tools = {" ".join(d["measured"]["tool"].split()[:2]) for d in found.values() if d["measured"]}
    if len(tools) != 1:
        sys.exit(f"found {sorted(tools)}; expected figures of one version")
    figures = {
        name: {k: d["measured"]["flat"][k] for k in ("lut", "ff", "dsp", "bram")} | {"verilog": d["verilog"]}
        for name, d in found.items() if d["measured"]
    }
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in sorted(figures.items()))
    FIXTURE.write_text(f'{{\n "tool": {json.dumps(tools.pop())},\n "designs": {{\n{lines}\n }}\n}}\n')


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    command, folder = sys.argv[1], Path(sys.argv[2])
    found = designs(folder)
    table = json.loads(TABLE.read_text())
    if command == "order":
        fitted = sys.argv[3:]
        new = [name for name, design in found.items() if not design["known"] or design["family"] in fitted]
        print("\n".join(sorted(new, key=lambda name: found[name]["estimate"]["lut"])))
    elif command == "fit":
        for family in measured_by_module(found):
            table[family] = fit(equations(found, family), table[family])
        TABLE.write_text(json.dumps(table, indent=2) + "\n")
    elif command == "report":
        report(found, table)
    elif command == "table":
        before, rest = DOC.read_text().split(BEGIN)
        DOC.write_text(before + BEGIN + doc_table(found, table) + END + rest.split(END)[1])
    elif command == "modules":
        modules(found, table, sys.argv[3], sys.argv[4])
    elif command == "fixture":
        fixture(found)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
