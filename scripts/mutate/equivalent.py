"""Proves that a mutant is the same circuit: Yosys elaborates the changed module before and after, ABC compares.

Every module that the changed file gives in this design (one for each set of parameters) is compared by itself, all its
inputs free: from registers at 0 and a first cycle in reset, as the testbench starts, its outputs can never differ. Where
that is not proved, the modules that instantiate it are compared, up to the top: there its inputs are no longer free.
ABC merges what it proves equal or constant by induction (scorr) and decides the rest (dprove). So that the induction
knows which values a counter never takes, the values of small registers are decoded: each is a signal that may be 0.
"""

import json
import os
import re

from bench import limited

# Processor time of one proof (of a small multiplier two minutes, twice that beside other work), of one before the
# simulation, and of one of the modules around.
SECONDS, QUICK, AROUND = 300, 20, 60
# Registers of so many bits are decoded.
DECODED = range(2, 7)

ELABORATED = """{read}hierarchy -check -top {top}
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
dffunmap
setundef -zero -undriven
setundef -zero -init
opt_clean
rename proof {name}
write_rtlil {folder}/{name}.il
"""
MITER = """read_rtlil {folder}/gold.il
read_rtlil {folder}/gate.il
miter -equiv -flatten gold gate proof
hierarchy -top proof
opt
write_json {folder}/miter.json
"""
AIGER = """read_json {folder}/miter.json
techmap
opt
dffunmap
simplemap
setundef -zero -undriven
setundef -zero -init
opt_clean
aigmap
opt_clean
write_aiger -zinit -map {folder}/miter.map {aiger}
"""
# Output 0 is the miter's; the others are there for scorr alone.
PROOF = "read {aiger}; strash; scorr; cone -s -O 0; strash; scorr; dc2; dprove -F 20"


class Prover:
    """Compares one mutant of a design with the original."""

    def __init__(self, bench, folder):
        self.bench, self.folder = bench, folder
        self.ports, self.users = self._design()
        self.miters = {}

    def quickly_same(self, file, changed):
        """True where that is soon proved for each module of `file` by itself."""
        return all(self._compare(module, changed, QUICK) for module in self._modules(file))

    def same(self, file, changed):
        """True where that is proved for all modules of `file`."""
        known = {}
        return all(self._proved(module, changed, SECONDS, known) for module in self._modules(file))

    def _proved(self, module, changed, seconds, known):
        """A proof for `module`, or else for all modules that instantiate it; `known` are those already tried."""
        if module not in known:
            around = self.users[module]
            known[module] = self._compare(module, changed, seconds) or (
                bool(around) and all(self._proved(user, changed, AROUND, known) for user in around))
        return known[module]

    def _compare(self, module, changed, seconds):
        if module not in self.miters:
            self.miters[module] = self._miter(module, changed, f"miter{len(self.miters)}.aig")
        if self.miters[module] is None:
            return False
        ran = self._run(["yosys-abc", "-c", PROOF.format(aiger=self.miters[module])], folder=self.folder, seconds=seconds)
        return bool(ran and re.search(r"\bUNSATISFIABLE|Networks are equivalent", ran))

    def _miter(self, module, changed, name):
        """The file of the module before against after, with small registers decoded; None where Yosys objects."""
        if not (self._elaborate(module, {}, "gold") and self._elaborate(module, changed, "gate")
                and self._run(["yosys", "-q", "-"], MITER.format(folder=self.folder)) is not None):
            return None
        decode(os.path.join(self.folder, "miter.json"))
        aiger = os.path.join(self.folder, name)
        if self._run(["yosys", "-q", "-"], AIGER.format(folder=self.folder, aiger=aiger)) is None:
            return None
        with open(os.path.join(self.folder, "miter.map"), encoding="utf-8") as file:
            # A miter that is a constant is not in the map.
            if "output 0 0 values\n" in file:
                raise SystemExit("error: Yosys wrote another output than the miter's first")
        return aiger

    def _modules(self, file):
        """The design's modules that `file` gives: its own name, or that of an instance's parameters around it."""
        name = os.path.splitext(os.path.basename(file))[0]
        return [m for m in self.ports if m == name or m.endswith(f"\\{name}") or f"\\{name}\\" in m]

    def _design(self):
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

    def _elaborate(self, module, changed, name):
        """Writes the module, flat, as `name`; True where Yosys has no objection."""
        script = ELABORATED.format(read=self._read(changed), top=self.bench.manifest["top"], folder=self.folder,
                                   module=module, name=name, wrapper=wrapper(self.ports[module]))
        return self._run(["yosys", "-q", "-"], script) is not None

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


def decode(path):
    """Adds an output with one bit for each value of each small register to the module `proof` of a JSON netlist."""
    with open(path, encoding="utf-8") as file:
        netlist = json.load(file)
    proof = netlist["modules"]["proof"]
    free = 1 + max(bit for net in proof["netnames"].values() for bit in net["bits"] if isinstance(bit, int))
    registers = [cell["connections"]["Q"] for cell in proof["cells"].values() if "dff" in cell["type"]]
    values = [(q, value) for q in registers if len(q) in DECODED for value in range(1 << len(q))]
    for at, (q, value) in enumerate(values):
        sizes = {"A_WIDTH": len(q), "B_WIDTH": len(q), "Y_WIDTH": 1, "A_SIGNED": 0, "B_SIGNED": 0}
        ends = {"A": q, "B": [str(value >> bit & 1) for bit in range(len(q))], "Y": [free + at]}
        proof["cells"][f"value{at}"] = {
            "type": "$eq", "parameters": {name: f"{size:032b}" for name, size in sizes.items()}, "attributes": {},
            "port_directions": {"A": "input", "B": "input", "Y": "output"}, "connections": ends}
    bits = list(range(free, free + len(values)))
    proof["ports"]["values"] = {"direction": "output", "bits": bits}
    proof["netnames"]["values"] = {"bits": bits, "attributes": {}}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(netlist, file)
