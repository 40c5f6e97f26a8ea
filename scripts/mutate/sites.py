"""Single changes of a Verilog file: every place where one can be made, and what it becomes.

A mutant is (kind, start, end, text): characters start to end of the file become text. Comments, attributes, strings and
the defaults of parameters (every instance overrides them) are left alone.
"""

import re

# What an operator may become. Longest first: the scanner takes the first that matches.
OPERATORS = {
    ">>>": [">>", "<<<"], "<<<": [">>>"], "<=": ["<"], ">=": [">"], "==": ["!="], "!=": ["=="], "&&": ["||"],
    "||": ["&&"], "<<": [">>"], ">>": ["<<"], "<": ["<=", ">"], ">": [">=", "<"], "+": ["-"], "-": ["+"], "*": ["+"],
    "&": ["|"], "|": ["&"], "^": ["&"], "!": [""], "~": [""],
}
LITERAL = re.compile(r"(\d+)'(s?)([bdh])([0-9a-fA-F]+)")
INTEGER = re.compile(r"(?<![\w'.$])\d+(?![\w'])")
OPENING, CLOSING = "([{", ")]}"


def masked(text):
    """The text with everything that is left alone turned to spaces; positions stay."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    for pattern in (r"//[^\n]*", r"\(\*(?!\s*\)).*?\*\)", r'"[^"\n]*"', r"`\w+[^\n]*", r"(?m)^\s*parameter[^\n]*"):
        text = re.sub(pattern, blank, text, flags=re.S)
    return text


def matching(text, at):
    """Where the bracket that opens at `at` closes."""
    depth = 0
    for i in range(at, len(text)):
        depth += (text[i] in OPENING) - (text[i] in CLOSING)
        if depth == 0:
            return i
    return len(text)


def until(text, at, stops):
    """The first of `stops` from `at` on, outside of brackets that open later; also where an outer bracket closes."""
    depth = 0
    for i in range(at, len(text)):
        if depth == 0 and (text[i] in stops or text[i] in CLOSING):
            return i
        depth += (text[i] in OPENING) - (text[i] in CLOSING)
    return len(text)


def statement_depth(text, at):
    """Brackets that are open at `at` since its statement began."""
    depth = 0
    for i in range(at - 1, -1, -1):
        if depth == 0 and text[i] in ";":
            break
        if re.match(r"\b(begin|end|else|assign|wire)\b", text[i:i + 7]) and depth == 0:
            break
        depth += (text[i] in CLOSING) - (text[i] in OPENING)
        if depth < 0:
            return -depth
    return 0


def operators(text):
    pattern = re.compile("|".join(re.escape(op) for op in sorted(OPERATORS, key=len, reverse=True)))
    for match in pattern.finditer(text):
        op, at = match.group(), match.start()
        selects = op in "+-" and text[match.end():match.end() + 1] == ":"
        sensitivity = op == "*" and re.search(r"@\s*\(?\s*$", text[:at])
        assigns = op == "<=" and statement_depth(text, at) == 0
        if not (selects or sensitivity or assigns):
            for other in OPERATORS[op]:
                yield "operator", at, match.end(), other


def constants(text):
    for match in LITERAL.finditer(text):
        size, sign, base, digits = match.groups()
        value, limit = int(digits, {"b": 2, "d": 10, "h": 16}[base]), 1 << int(size)
        for other in sorted({(value + 1) % limit, (value - 1) % limit, 0} - {value}):
            written = format(other, {"b": "b", "d": "d", "h": "x"}[base])
            yield "constant", match.start(), match.end(), f"{size}'{sign}{base}{written}"


def integers(text):
    """Bare integers: bounds of ranges and part selects, parameters of instances, bounds of loops."""
    for match in INTEGER.finditer(text):
        line = text[text.rfind("\n", 0, match.start()) + 1:match.start()]
        if re.search(r"\b(input|output|inout)\b", line):
            continue
        kind = "parameter" if re.search(r"\.\w+\s*\([^()]*$", line) else "index"
        if re.search(r"\b(wire|reg)\b[^\];=]*\[[^\]]*$", line):
            kind = "width"
        for other in {int(match.group()) + 1, max(int(match.group()) - 1, 0)} - {int(match.group())}:
            yield kind, match.start(), match.end(), str(other)


def muxes(text):
    for match in re.finditer(r"\?", text):
        colon = until(text, match.end(), ":")
        nested = text.count("?", match.end(), colon)
        for _ in range(nested):
            colon = until(text, colon + 1, ":")
        end = until(text, colon + 1, ";,")
        if text[colon:colon + 1] == ":":
            yes, no = text[match.end():colon].strip(), text[colon + 1:end].strip()
            yield "mux", match.end(), end, f" {no} : {yes}"


def conditions(text):
    for match in re.finditer(r"\bif\s*\(", text):
        end = matching(text, match.end() - 1)
        yield "condition", match.end(), end, f"!({text[match.end():end]})"


def lost_assignments(text):
    for match in re.finditer(r"(?m)^( *)([\w.]+(?:\[[^;=]*?\])?)\s*<=[^;]*;", text):
        yield "assignment", match.start(2), match.end(), ";"


def lost_signs(text):
    for match in re.finditer(r"\bsigned\b|\$signed", text):
        yield "sign", match.start(), match.end(), "$unsigned" if match.group() == "$signed" else "      "


def swapped_parts(text):
    """The first two parts of a concatenation change places."""
    for match in re.finditer(r"\{", text):
        comma = until(text, match.end(), ",")
        end = until(text, comma + 1, ",")
        if text[comma:comma + 1] == "," and text[match.end():comma].strip() != text[comma + 1:end].strip():
            yield "concatenation", match.end(), end, f"{text[comma + 1:end]}, {text[match.end():comma]}"


KINDS = [operators, constants, integers, muxes, conditions, lost_assignments, lost_signs, swapped_parts]


def mutants(text):
    """All mutants of a file."""
    mask = masked(text)
    return sorted({mutant for kind in KINDS for mutant in kind(mask) if mask[mutant[1]:mutant[2]] != mutant[3]})
