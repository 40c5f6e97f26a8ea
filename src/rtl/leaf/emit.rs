//! From a rust-hdl block to one readable, lint-clean Verilog file.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::{Context, Result, anyhow, bail};
use rust_hdl::prelude::*;

/// The Verilog of `block` as module `name`, under a comment made of `about`'s lines.
///
/// Fails where rust-hdl's own checks do (open inputs, loops), and where its text is not laid out as [`tidy`] expects.
pub(super) fn verilog<B: Block>(name: &str, about: &str, mut block: B) -> Result<String> {
    block.connect_all();
    check_all(&block).map_err(|e| anyhow!("{name}: rust-hdl refuses the block: {e:?}"))?;
    let mut defines = ModuleDefines::default();
    block.accept(name, &mut defines);
    tidy(&defines.defines(), about).with_context(|| format!("{name}: unexpected layout of rust-hdl's Verilog"))
}

/// A statement of the one combinational block: how deep in `if`s, and its text.
type Line<'a> = (usize, &'a str);

/// Rewrites rust-hdl's text of one module, without changing its meaning:
///
/// - ports become ANSI style, `$` in names becomes `__` (no leaf cell uses `$signed`), blank and comment lines go;
/// - a signal assigned once, unconditionally, becomes a wire with an `assign`, so that valid and ready do not look like
///   a loop through one `always` block (Verilator's UNOPTFLAT); of these, plain copies of an input (clock, reset) are
///   wired straight to their instance;
/// - `default_nettype none` stands around it, and `about` above it.
fn tidy(raw: &str, about: &str) -> Result<String> {
    let text = raw.replace('$', "__");
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with("//")).collect();
    let (head, rest) = lines.split_first().context("no module line")?;
    let start = rest.iter().position(|l| *l == "always @(*) begin").context("no always block")?;
    let (declarations, instances): (Vec<&str>, Vec<&str>) = rest[..start]
        .iter()
        .partition(|l| ["input ", "output ", "localparam ", "reg ", "wire "].iter().any(|k| l.starts_with(k)));
    let body = nest(&rest[start + 1..])?;
    let once = assigned_once(&body);
    let copies: BTreeMap<&str, &str> = once
        .iter()
        .filter(|(_, rhs)| declarations.iter().any(|d| d.starts_with("input ") && last_word(d) == **rhs))
        .map(|(lhs, rhs)| (*lhs, *rhs))
        .collect();

    let mut out = String::new();
    for line in about.lines() {
        writeln!(out, "// {line}")?;
    }
    let module = head.split('(').next().context("no port list")?;
    writeln!(
        out,
        "// Described in Rust (rust-hdl); edit src/rtl/leaf, not this file.\n`default_nettype none\n\n{module} ("
    )?;
    let (ports, locals): (Vec<&str>, Vec<&str>) = declarations.iter().partition(|d| d.contains("put "));
    let ports: Vec<String> = ports.iter().map(|d| format!("    {}", declare(d, &once))).collect();
    writeln!(out, "{}\n);", ports.join(",\n"))?;
    for line in locals.iter().filter(|d| !copies.contains_key(last_word(d))) {
        writeln!(out, "    {};", declare(line, &once))?;
    }
    write_instances(&mut out, &instances, &copies)?;
    for (_, line) in body.iter().filter(|(_, l)| assignment(l).is_some_and(|(lhs, _)| once.contains_key(lhs))) {
        if assignment(line).is_some_and(|(lhs, _)| !copies.contains_key(lhs)) {
            writeln!(out, "    assign {line}")?;
        }
    }
    let branching: Vec<&Line> =
        body.iter().filter(|(_, l)| assignment(l).is_none_or(|(lhs, _)| !once.contains_key(lhs))).collect();
    if !branching.is_empty() {
        writeln!(out, "\n    always @(*) begin")?;
        for (depth, line) in branching {
            writeln!(out, "{:1$}{line}", "", 8 + 4 * depth)?;
        }
        writeln!(out, "    end")?;
    }
    writeln!(out, "endmodule\n\n`default_nettype wire")?;
    Ok(out)
}

/// The statements up to the `end` that closes the block, each with its depth.
fn nest<'a>(lines: &[&'a str]) -> Result<Vec<Line<'a>>> {
    let (mut depth, mut body) = (0, Vec::new());
    for &line in lines {
        if line.starts_with("end") {
            if depth == 0 {
                return Ok(body);
            }
            depth -= 1;
        }
        body.push((depth, line));
        depth += usize::from(line.ends_with("begin"));
    }
    bail!("the always block does not end")
}

/// Target and value of `target = value;`.
fn assignment(line: &str) -> Option<(&str, &str)> {
    line.strip_suffix(';')?.split_once(" = ")
}

/// Targets of exactly one assignment that stands under no `if`, with their values.
fn assigned_once<'a>(body: &[Line<'a>]) -> BTreeMap<&'a str, &'a str> {
    let mut seen: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
    for (depth, line) in body {
        if let Some((lhs, rhs)) = assignment(line) {
            seen.entry(lhs).or_default().push((*depth, rhs));
        }
    }
    seen.into_iter().filter(|(_, v)| v.len() == 1 && v[0].0 == 0).map(|(lhs, v)| (lhs, v[0].1)).collect()
}

/// The declared name (for a `localparam`, its value).
fn last_word(declaration: &str) -> &str {
    declaration.trim_end_matches(';').rsplit(' ').next().unwrap_or_default()
}

/// One declaration without its semicolon: single spaces, and `wire` where an `assign` drives it.
fn declare(line: &str, once: &BTreeMap<&str, &str>) -> String {
    let words: Vec<&str> = line.trim_end_matches(';').split_whitespace().collect();
    let net = once.contains_key(last_word(line));
    words.iter().map(|w| if net && *w == "reg" { "wire" } else { w }).collect::<Vec<_>>().join(" ")
}

fn write_instances(out: &mut String, instances: &[&str], copies: &BTreeMap<&str, &str>) -> Result<()> {
    for line in instances {
        if let Some((port, net)) = line.split_once('(').filter(|_| line.starts_with('.')) {
            let (net, comma) = net.split_once(')').context("a port connection without its bracket")?;
            writeln!(out, "        {port}({}){comma}", copies.get(net).unwrap_or(&net))?;
        } else {
            let opens = line.ends_with('(');
            writeln!(out, "{}    {}", if opens { "\n" } else { "" }, line)?;
        }
    }
    writeln!(out)?;
    Ok(())
}
