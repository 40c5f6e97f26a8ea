//! A top with three pins around a synthesized design, so that place and route takes designs with more ports than the
//! device has pins, and times registers rather than pads: a shift register feeds the inputs, outputs fold into one pin.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::Context;
use serde::Deserialize;

/// Name of the wrapper's module.
pub const MODULE: &str = "sg_pins";

/// The part of Yosys' JSON netlist that is read.
#[derive(Deserialize)]
struct Netlist {
    modules: BTreeMap<String, Module>,
}

#[derive(Deserialize)]
struct Module {
    ports: BTreeMap<String, Port>,
}

#[derive(Deserialize)]
struct Port {
    direction: String,
    bits: Vec<serde_json::Value>,
}

/// Verilog of the wrapper around `top` of the netlist `json`; the port `clk_i` stays a pin.
///
/// # Errors
/// Where `json` is no netlist, or has no such module.
pub fn wrapper(json: &str, top: &str) -> anyhow::Result<String> {
    let netlist: Netlist = serde_json::from_str(json).context("no netlist of Yosys")?;
    let ports = &netlist.modules.get(top).with_context(|| format!("no module {top}"))?.ports;
    let (mut inputs, mut outputs, mut joins) = (0, 0, String::new());
    for (name, port) in ports.iter().filter(|(name, _)| *name != "clk_i") {
        let (bus, at) = if port.direction == "input" { ("in_q", &mut inputs) } else { ("out", &mut outputs) };
        write!(joins, ",\n        .{name}({bus}[{}:{at}])", *at + port.bits.len() - 1)?;
        *at += port.bits.len();
    }
    Ok(format!(
        "module {MODULE} (\n    input  wire clk_i,\n    input  wire pin_i,\n    output reg  pin_o\n);\n\
         \n    reg  [{0}:0] in_q;\n    wire [{1}:0] out;\n    reg  [{1}:0] out_q;\n\
         \n    {top} u_design (\n        .clk_i(clk_i){joins}\n    );\n\
         \n    always @(posedge clk_i) begin\n        in_q  <= {{in_q, pin_i}};\n        out_q <= out;\n        pin_o <= ^out_q;\n    end\n\
         \nendmodule\n",
        inputs - 1,
        outputs - 1
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_port_has_its_bits() {
        let port = |direction: &str, bits: &str| format!(r#"{{"direction": "{direction}", "bits": {bits}}}"#);
        let ports = format!(
            r#"{{"a_i": {}, "clk_i": {}, "rst_ni": {}, "y_o": {}}}"#,
            port("input", "[2, 3, 4]"),
            port("input", "[5]"),
            port("input", "[6]"),
            port("output", r#"[7, "0"]"#)
        );
        let text = wrapper(&format!(r#"{{"modules": {{"x_top": {{"ports": {ports}}}}}}}"#), "x_top").unwrap();
        assert!(text.contains(".a_i(in_q[2:0]),\n        .rst_ni(in_q[3:3]),\n        .y_o(out[1:0])\n"), "{text}");
        assert!(text.contains("reg  [3:0] in_q;\n    wire [1:0] out;"), "{text}");
        assert!(wrapper("{}", "x_top").is_err());
    }
}
