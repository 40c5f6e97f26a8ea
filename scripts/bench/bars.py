"""What the reference network costs in hardware, against the bars of the project: a line each, measured / bar.

bars.py SLIMGATE MAKE_REF28 MAKE_NETWORK [IMAGES]. Cycles from Verilator, resources from Yosys (xcup, no place and route), clock periods
from nextpnr where there is one, seconds of this machine. Below 1.00 is better than the bar; the last line counts the bars
that are missed. Exit status 1 where a command fails.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

# Plan, and bars: cycles an image, latency in cycles, DSP, LUT, BRAM36 (None: no bar). Half the cycles are for the same resources and
# within the same latency as the point above.
POINTS = [
    ("ref28", ["--target-cycles", "7168", "--max-dsp", "152"], (8000, 16000, 152, 12000, 48)),
    ("ref28_half", ["--target-cycles", "3584", "--max-dsp", "152"], (4000, 16000, 152, 12000, 48)),
    ("ref28_fast", ["--target-cycles", "1600", "--max-dsp", "592"], (2200, 4400, 592, 32000, None)),
    ("ref28_small", ["--target-cycles", "57500", "--max-dsp", "11", "--max-lut", "3000"], (115000, 230000, 11, 4000, None)),
]
# The same of the network as trained and compressed by half a point (docs/results.md).
TRAINED = ("examples/ref28-network", ["--target-cycles", "2500", "--max-dsp", "40"], (2500, None, 40, 8000, None))
# Network (None: ref28), plan, device, bars: ns a clock, and COMB (None: it only has to fit).
CLOCKS = [
    (None, ["--target-cycles", "28224"], "lfe5u-85f", (10, 10000)),
    ("examples/up5k-network", ["--target-fps", "450", "--clock-mhz", "40"], "ice40up5k", (25, None)),
]
# Density of a sparse fully connected layer of 1568 inputs and 64 outputs, and the cycles it is planned for.
SPARSE = [(0.05, 1700), (0.2, 2600), (0.2, 1400)]
# Memories that hold weights (`Memory::holds_weights`).
WEIGHTS = ("weight", "bank", "counts", "program")
missed = 0


def line(what, value, bar, unit=""):
    """One bar; `value` may be at most `bar`."""
    global missed
    missed += value > bar
    print(f"{what:<52} {value:>10,.6g} of {bar:>9,.6g} {unit:<8} {value / bar:5.2f}{'' if value <= bar else '  MISSED'}", flush=True)


def call(slimgate, *args):
    """A command's JSON."""
    done = subprocess.run([slimgate, *map(str, args), "--json"], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, args))}: {done.stderr}")
    return json.loads(done.stdout)


def weight_bits(slimgate, network, plan):
    """Bits allocated for weights, with what says where they belong."""
    layers = call(slimgate, "plan", network, "--device", "xczu7ev", *plan)["layers"]
    memories = (memory for layer in layers for memory in layer["memories"])
    return sum(memory["bits_allocated"] for memory in memories if memory["name"].startswith(WEIGHTS))


def point(slimgate, folder, name, network, plan, bars):
    design = os.path.join(folder, name)
    call(slimgate, "rtl", network, "--out", design, "--device", "xczu7ev", *plan)
    sim = call(slimgate, "sim", design, "--data", "random", "--images", 20, "--optimize", 0)
    cost = call(slimgate, "synth", design, "--target", "xcup")
    cycles, latency, dsp, lut, bram = bars
    measured = sim["cycles_per_image"]
    line(f"{name}: cycles an image", measured, cycles)
    planned = sim["planned_cycles_per_image"]
    with open(os.path.join(design, "manifest.json"), encoding="utf-8") as manifest:
        bound = any(layer["bound"] and layer["cycles_per_image"] == planned for layer in json.load(manifest)["layers"])
    if bound:  # Zero activations are skipped: fewer cycles are as planned, too.
        line(f"{name}: cycles measured, against the bound", measured, planned)
    else:
        line(f"{name}: cycles, planned against measured", abs(measured / planned - 1), 0.02)
    if latency:
        line(f"{name}: latency", sim["latency_cycles"], latency, "cycles")
    if sim["bottleneck_utilisation"] is not None:  # An engine of constants has no lanes.
        line(f"{name}: idle lanes of the bottleneck layer", 1 - sim["bottleneck_utilisation"], 0.05)
    line(f"{name}: DSP", cost["dsp"], dsp)
    line(f"{name}: LUT", cost["lut"], lut)
    if bram:
        line(f"{name}: BRAM36", cost["bram36"], bram)
    return design


def sparse(slimgate, make, folder, density, cycles):
    """A sparse fully connected layer against what its nonzeros, banks and beats allow at least; measured with random images."""
    network, design = os.path.join(folder, "sparse.network"), os.path.join(folder, f"sparse{density}_{cycles}")
    layers = [f"sparse:64:{density}", "dense:10"]
    subprocess.run([make, network, "sparse", "1", "8", "14x14x8", *layers], check=True, stdout=subprocess.DEVNULL)
    planned = ["--device", "xczu7ev", "--target-cycles", cycles]
    engine = call(slimgate, "plan", network, *planned)["layers"][0]["engine"]["sparse"]
    call(slimgate, "rtl", network, "--out", design, *planned)
    measured = call(slimgate, "sim", design, "--data", "random", "--images", 20, "--optimize", 0)["cycles_per_image"]
    banks, lanes = engine["folding"]["banks"], engine["folding"]["in_lanes"]
    least = max(sum(engine["entries_per_bank"]) / banks, 1568 / lanes)
    what = f"sparse layer, {100 * density:.0f} %, {banks} banks, {lanes} a beat"
    line(f"{what}: bound of the plan", engine["cycles_bound"], 1.15 * least, "cycles")
    line(f"{what}: measured", measured, engine["cycles_bound"], "cycles")


def clock(slimgate, folder, network, plan, device, bars):
    """The clock period of one design after place and route, where its nextpnr is installed."""
    program = "nextpnr-" + ("ice40" if device.startswith("ice40") else "ecp5")
    if not (shutil.which(program) or shutil.which(f"yowasp-{program}")):
        print(f"{device}: no clock measured, {program} is not installed (yowasp-{program} from PyPI)")
        return
    design = os.path.join(folder, device)
    call(slimgate, "rtl", network, "--out", design, "--device", device, *plan)
    cost = call(slimgate, "synth", design, "--device", device, "--pnr")
    line(f"{device}: clock period after place and route", 1000 / cost["fmax_mhz"], bars[0], "ns")
    if bars[1]:
        with open(os.path.join(design, "synth", "ecp5_pnr.json"), encoding="utf-8") as report:
            line(f"{device}: COMB", json.load(report)["utilization"]["TRELLIS_COMB"]["used"], bars[1])


def main():
    slimgate, make, make_network = sys.argv[1:4]
    images = int(sys.argv[4]) if len(sys.argv) > 4 else 10000
    with tempfile.TemporaryDirectory() as folder:
        dense = os.path.join(folder, "ref28.network")
        for name, plan, bars in POINTS:
            network = os.path.join(folder, f"{name}.network")
            subprocess.run([make, network, name, "1"], check=True, stdout=subprocess.DEVNULL)
            design = point(slimgate, folder, name, network, plan, bars)
            if name == "ref28":
                begun = time.monotonic()
                sim = call(slimgate, "sim", design, "--data", "random", "--images", images)
                line(f"{name}: {images} images, build included", time.monotonic() - begun, 120, "s")
                line(f"{name}: images that differ", sim["mismatches"], 0.5)
        trained, plan, bars = TRAINED
        point(slimgate, folder, "ref28_trained", trained, plan, bars)
        most = weight_bits(slimgate, dense, POINTS[0][1]) / 8
        line("ref28_trained: bits of weight memory", weight_bits(slimgate, trained, plan), most)
        for density, cycles in SPARSE:
            sparse(slimgate, make_network, folder, density, cycles)
        for kept, plan, device, bars in CLOCKS:
            clock(slimgate, folder, kept or dense, plan, device, bars)
        begun = time.monotonic()
        call(slimgate, "plan", dense, "--pareto", "--device", "xczu7ev")
        line("Pareto front of ref28", time.monotonic() - begun, 2, "s")
    print(f"bars missed: {missed}")


if __name__ == "__main__":
    main()
