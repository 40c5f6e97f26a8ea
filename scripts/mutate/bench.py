"""Runs the testbench (testbench/tb.sv in Icarus) on a design with one file exchanged."""

import json
import os
import resource
import struct
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TESTBENCH = os.path.join(HERE, "../../testbench/tb.sv")
# The design that a test holds to its timing: tests/example_design.rs.
HELD = "example_top"
# Measured cycles an image may exceed the planned ones by the first image's start-up.
SLOWER = 1.01


def limited(command, folder, seconds, text=None):
    """Runs a command for at most so many seconds of processor time: (exit status, standard output)."""
    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    ran = subprocess.run(command, input=text, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                         errors="replace", check=False, preexec_fn=limit)
    return ran.returncode, ran.stdout


def timing(result):
    """Latency, and cycles of so many images."""
    return [result[name] for name in ("latency_cycles", "interval_cycles", "interval_images")]


class Bench:
    """One design: its files, its vectors, and what it does unchanged."""

    def __init__(self, design, vectors, stall, seed):
        self.design = os.path.abspath(design)
        with open(os.path.join(design, "manifest.json"), encoding="utf-8") as file:
            self.manifest = json.load(file)
        with open(os.path.join(design, "filelist.f"), encoding="utf-8") as file:
            lines = (line.split("//")[0].strip() for line in file)
            self.files = [line for line in lines if line]
        self.vectors, self.stall, self.seed = os.path.abspath(vectors), stall, seed
        with open(vectors, "rb") as file:
            self.channels, self.classes = struct.unpack("<12x2I", file.read(20))
        self.limit, self.patience, self.timing = 600, 1000000, None

    def calibrate(self, folder):
        """The unchanged design must pass; its time and latency say when a mutant hangs. Gives the seconds it takes."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        verdict, result = self.run({}, folder)
        if verdict != "passed":
            raise SystemExit(f"error: {self.design}: the unchanged design is {verdict}")
        seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        if not self.lint({}):
            raise SystemExit(f"error: {self.design}: the unchanged design is not clean under verilator --lint-only -Wall")
        self.limit = int(10 * seconds + 10)
        self.patience = 4 * result["latency_cycles"] + 1000
        self.timing = timing(result) if self.manifest["top"] == HELD else None
        return seconds

    def sources(self, changed):
        """The design's files, those of `changed` (path in the design: path of the copy) exchanged."""
        return [changed.get(file, file) for file in self.files]

    def run(self, changed, folder):
        """(verdict, the bench's figures); the verdict is `passed`, or what is wrong."""
        model = os.path.join(folder, "tb.vvp")
        defines = [f"-DTOP={self.manifest['top']}", f"-DCHANNELS={self.channels}", f"-DCLASSES={self.classes}"]
        compiler = ["iverilog", "-g2012", "-s", "tb", "-o", model, *defines, TESTBENCH, *self.sources(changed)]
        if limited(compiler, self.design, self.limit)[0] != 0:
            return "does not compile", {}
        arguments = [f"+vectors={self.vectors}", f"+stall={self.stall}", f"+seed={self.seed}",
                     f"+timeout={self.patience}", "+reset_test", "+tlast_test", "+first_difference"]
        status, output = limited(["vvp", "-n", model, "-none", *arguments], self.design, self.limit)
        if status != 0:
            return ("hangs" if status < 0 or ": deadlock:" in output else "wrong"), {}
        result = next(json.loads(line) for line in output.splitlines() if line.startswith("{"))
        planned = self.manifest["cycles_per_image"] * result["interval_images"]
        if result["interval_cycles"] > SLOWER * planned:
            return "slower than planned", result
        return ("other timing" if self.timing not in (None, timing(result)) else "passed"), result

    def lint(self, changed):
        """True where Verilator's lint has nothing to say (or takes too long)."""
        command = ["verilator", "--lint-only", "-Wall", "--top-module", self.manifest["top"], *self.sources(changed)]
        return limited(command, self.design, self.limit)[0] <= 0
