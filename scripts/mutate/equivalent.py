"""Proves that a mutant is the same circuit: Yosys elaborates the changed module before and after, ABC compares.

Every module that the changed file gives in this design (one for each set of parameters) is compared by itself, all its
inputs free: from registers at 0 and a first cycle in reset, as the testbench starts, its outputs can never differ. Where
that is not proved, the modules that instantiate it are compared, up to the top: there its inputs are no longer free. Two
netlists that are the same byte for byte need no prover; otherwise ABC merges what it proves equal by induction (scorr)
and decides the rest (dprove).
"""

import json
import os
import re

from bench import limited

# Processor time of one proof (of a multiplier two minutes, twice that beside other work), less of the modules around it.
SECONDS, AROUND = 300, 60

NETLIST = """{read}hierarchy -check -top {top}
rename {module} compared
read_verilog <<EOT
{wrapper}
EOT
hierarchy -check -top proof
proc
flatten
opt
memory_map
opt
techmap
opt
dffunmap
simplemap
setundef -zero -undriven
setundef -zero -init
opt_clean
aigmap
opt_clean
write_aiger -zinit {aiger}
"""


class Prover:
    """Compares mutants of one design with the original."""

    def __init__(self, bench, folder):
        self.bench, self.folder = bench, folder
        self.ports, self.users = self._elaborated()
        self.golden = {}

    def same(self, file, changed):
        """`identical` or `equivalent` where that is proved for all modules of `file`, else None."""
        proof, known = "identical", {}
        for module in self._modules(file):
            found = self._proved(module, changed, SECONDS, known)
            if found != "identical":
                proof = found
            if proof is None:
                break
        return proof

    def _proved(self, module, changed, seconds, known):
        """The proof for `module`, or else for all modules that instantiate it; `known` are those already tried."""
        if module not in known:
            proof = self._compare(module, changed, seconds)
            if not proof and self.users[module]:
                around = all(self._proved(user, changed, AROUND, known) for user in self.users[module])
                proof = "equivalent" if around else None
            known[module] = proof
        return known[module]

    def _compare(self, module, changed, seconds):
        if module not in self.golden:
            self.golden[module] = self._netlist(module, {}, f"gold{len(self.golden)}.aig")
        gold, gate = self.golden[module], self._netlist(module, changed, "gate.aig")
        if gold is None or gate is None:
            return None
        with open(gold, "rb") as one, open(gate, "rb") as other:
            if one.read() == other.read():
                return "identical"
        commands = f"miter {gold} {gate}; strash; scorr; dc2; dprove -F 20"
        ran = self._run(["yosys-abc", "-c", commands], folder=self.folder, seconds=seconds)
        return "equivalent" if ran and re.search(r"\bUNSATISFIABLE|Networks are equivalent", ran) else None

    def _modules(self, file):
        """The design's modules that `file` gives: its own name, or that of an instance's parameters around it."""
        name = os.path.splitext(os.path.basename(file))[0]
        return [m for m in self.ports if m == name or m.endswith(f"\\{name}") or f"\\{name}\\" in m]

    def _elaborated(self):
        """The ports of each of the design's modules, and the modules that instantiate it."""
        listing = os.path.join(self.folder, "design.json")
        script = f"{self._read({})}hierarchy -check -top {self.bench.manifest['top']}\nproc\nwrite_json {listing}\n"
        if self._run(["yosys", "-q", "-"], script) is None:
            raise SystemExit("error: Yosys cannot elaborate the design")
        with open(listing, encoding="utf-8") as file:
            modules = json.load(file)["modules"]
        inside = {name: {cell["type"] for cell in module["cells"].values()} for name, module in modules.items()}
        users = {name: [user for user in modules if name in inside[user]] for name in modules}
        return {name: module["ports"] for name, module in modules.items()}, users

    def _read(self, changed):
        return "".join(f"read_verilog -defer {file}\n" for file in self.bench.sources(changed))

    def _netlist(self, module, changed, name):
        aiger = os.path.join(self.folder, name)
        script = NETLIST.format(read=self._read(changed), top=self.bench.manifest["top"], aiger=aiger,
                                module=module, wrapper=wrapper(self.ports[module]))
        return aiger if self._run(["yosys", "-q", "-"], script) is not None else None

    def _run(self, command, text=None, folder=None, seconds=SECONDS):
        status, output = limited(command, folder or self.bench.design, seconds, text)
        return output if status == 0 else None


def wrapper(ports):
    """A top around the module `compared`: the first cycle in reset, later ones seldom (so that random simulation goes somewhere)."""
    lines, joins = [], []
    for name, port in ports.items():
        bits = f"[{len(port['bits']) - 1}:0]"
        if name == "rst_ni":
            joins.append(".rst_ni(started & (|rst))")
        elif name == "clk_i":
            joins.append(".clk_i(clk_i)")
        else:
            lines.append(f"{port['direction']} {bits} {name}")
            joins.append(f".{name}({name})")
    ends = ", ".join(["input clk_i", "input [4:0] rst", *lines])
    return (f"module proof({ends});\n  reg started = 0;\n  always @(posedge clk_i) started <= 1;\n"
            f"  compared dut ({', '.join(joins)});\nendmodule")
