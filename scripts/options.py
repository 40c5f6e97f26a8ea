#!/usr/bin/env python3
"""What each option of the search is worth: the network and the recipe of examples/study.toml, one option changed at a time, three
seeds each, order iq, ns, dc. Runs are runs/opt_<option>; finished ones are not repeated. Prints the table of docs/results.md.

  scripts/options.py [OPTION ...]      about an hour on one core; needs libtorch (make build)
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SEEDS = [1, 2, 3]
STUDY = '\n[study]\norders = [["iq", "ns", "dc"]]\nseeds = {seeds}\ngrid = false\n'
DEVICE = '\n[hardware]\ndevice = "xc7a35t"\n'


def inside(section, line):
    """A line more at the head of a section."""
    return [(f"[{section}]\n", f"[{section}]\n{line}\n")]


def margins(value):
    """The margin of both stages that others follow."""
    return inside("search.iq", f"margin = {value}") + inside("search.ns", f"margin = {value}")


def aim(objective):
    """What is minimized."""
    return inside("search", f'objective = "{objective}"')


# By name: what it says in the table, the changes to the run file, and what is added.
OPTIONS = {
    "base": ("`examples/study.toml`: margins of one rung", [], ""),
    "zero": ("`margin = { steps = 0 }`", margins("{ steps = 0 }"), ""),
    "acc": ("`margin = { accuracy = 0.005 }`", margins("{ accuracy = 0.005 }"), ""),
    "auto": ('`margin = "auto"`', margins('"auto"'), ""),
    "trade": ("`trade = true`", inside("search", "trade = true"), ""),
    "trade_zero": ("`trade = true`, iq's `margin = { steps = 0 }`",
                   inside("search", "trade = true") + inside("search.iq", "margin = { steps = 0 }"), ""),
    "energy": ('`objective = "energy"`', aim("energy"), DEVICE),
    "auto_energy": ('`objective = "energy"`, `margin = "auto"`', aim("energy") + margins('"auto"'), DEVICE),
    "auto_cycles": ('`objective = "cycles"`, `margin = "auto"`', aim("cycles") + margins('"auto"'), DEVICE),
    "sens": ('`iq.allocation = "sensitivity"`', inside("search.iq", 'allocation = "sensitivity"'), ""),
    "all": ('`dc.scope = "all"`', inside("search.dc", 'scope = "all"'), ""),
    "activation": ('`dc.score = "activation"`', inside("search.dc", 'score = "activation"'), ""),
    "warm": ('`warm_start = "previous"`', [('warm_start = "stage"', 'warm_start = "previous"')], ""),
    "teacher": ("`distill.teacher`: a network of four times the width (40 epochs, augmented), of the same validation split", [], ""),
    "nodistill": ("`distill.weight = 0`", [("distill = { weight = 0.7", "distill = { weight = 0")], ""),
    "linear": ('`schedule = "linear"`', [('schedule = "bisect"', 'schedule = "linear"')], ""),
    "gallop": ('`schedule = "gallop"`', [('schedule = "bisect"', 'schedule = "gallop"')], ""),
}
# What is shown, times what, and how.
COLUMNS = [("stored_bits", 1e-3, "{:.0f}"), ("params_bits", 1e-3, "{:.0f}"), ("val_accuracy", 100, "{:.2f}"),
           ("test_accuracy", 100, "{:.2f}"), ("candidates", 1, "{:.0f}"), ("seconds", 1, "{:.0f}")]


def written(run, changes, added):
    """examples/study.toml with `changes`, for the run called `run`."""
    text = (ROOT / "examples/study.toml").read_text()
    for before, after in [('name = "study"', f'name = "{run}"'), *changes]:
        if text.count(before) != 1:
            sys.exit(f"examples/study.toml: found {text.count(before)} of {before!r}; expected one")
        text = text.replace(before, after)
    folder = ROOT / "runs/options"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{run}.toml"
    file.write_text(text + added)
    return file


def slimgate(command, file):
    """Runs a command on a run file; what it prints goes into a file beside that."""
    print(f"{file.stem} ...", file=sys.stderr)
    with open(file.with_suffix(".log"), "w", encoding="utf-8") as log:
        subprocess.run(["target/debug/slimgate", command, str(file)], cwd=ROOT, stdout=log, stderr=log, check=True)


def study(run, changes, added, seeds):
    """The outcome of one option's searches."""
    slimgate("study", written(run, changes, added + STUDY.format(seeds=seeds)))
    return json.loads((ROOT / f"runs/{run}/study/study.json").read_text())["orders"][0]


def taught(seed):
    """The outcome of a search whose candidates a wide network teaches, which has the same validation images."""
    run = f"opt_teacher{seed}"
    split = [("seed = 1", f"seed = {seed}")]
    wide = [("width = 0.5", "width = 2.0"), ("epochs = 10", "epochs = 40\naugment = { flip = true, shift = 1 }")]
    slimgate("train", written(f"{run}_wide", split + wide, ""))
    teacher = [("temperature = 4", f'temperature = 4, teacher = "runs/{run}_wide"')]
    return study(run, split + teacher, "", [seed])


def searched(name):
    """The outcome of the searches of one option."""
    if name != "teacher":
        _, changes, added = OPTIONS[name]
        return study(f"opt_{name}", changes, added, SEEDS)
    orders = [taught(seed) for seed in SEEDS]
    figures = {key: [order[key]["mean"] for order in orders] for key, _, _ in COLUMNS}
    spread = {key: {"mean": sum(of) / len(of), "min": min(of), "max": max(of)} for key, of in figures.items()}
    return {"met": sum(order["met"] for order in orders), **spread}


def main():
    names = sys.argv[1:] or list(OPTIONS)
    unknown = [name for name in names if name not in OPTIONS]
    if unknown:
        sys.exit(f"found option {unknown[0]!r}; expected one of {', '.join(OPTIONS)}")
    print("| option | stored kbit | weights kbit | validation % | test % | candidates | training s | target met |")
    print("|---|---:|---:|---:|---:|---:|---:|---|")
    for name in names:
        order = searched(name)
        cells = []
        for key, scale, form in COLUMNS:
            mean, least, most = (form.format(order[key][k] * scale) for k in ("mean", "min", "max"))
            cells.append(f"{mean} ({least} to {most})" if least != most else mean)
        print(f"| {OPTIONS[name][0]} | {' | '.join(cells)} | {order['met']} of 3 |", flush=True)


if __name__ == "__main__":
    main()
