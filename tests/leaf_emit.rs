//! Every leaf cell's Verilog is clean in Verilator (-Wall, no waiver), Yosys and Icarus.

use std::path::Path;
use std::process::Command;

use slimgate::rtl::{Artifact, leaf};

fn run(dir: &Path, program: &str, args: &[&str]) {
    let out = Command::new(program).args(args).current_dir(dir).output().unwrap_or_else(|e| panic!("{program}: {e}"));
    let text = [out.stdout, out.stderr].map(|b| String::from_utf8_lossy(&b).into_owned()).concat();
    assert!(out.status.success(), "{program} {args:?}:\n{text}");
}

fn check(top: &str, files: &[Artifact]) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("rtl")).unwrap();
    for file in files {
        let module = file.path.trim_start_matches("rtl/").trim_end_matches(".v");
        assert!(file.text.contains(&format!("\nmodule {module} ")), "{} holds another module", file.path);
        assert!(!file.text.contains('$') && !file.text.contains("lint_off"), "{}", file.path);
        std::fs::write(dir.path().join(&file.path), &file.text).unwrap();
    }
    let paths: Vec<&str> = files.iter().map(|f| f.path.as_str()).collect();
    run(dir.path(), "verilator", &[&["--lint-only", "-Wall", "--top-module", top][..], &paths].concat());
    run(dir.path(), "iverilog", &[&["-g2005", "-Wall", "-tnull", "-s", top][..], &paths].concat());
    let script =
        format!("read_verilog {}; hierarchy -check -top {top}; proc; flatten; opt; check -assert", paths.join(" "));
    run(dir.path(), "yosys", &["-q", "-p", &script]);
}

#[test]
fn fifos_are_clean() {
    for addr_bits in leaf::FIFO_ADDR_BITS {
        check(&format!("sg_fifo_a{addr_bits}"), &leaf::fifo_files(addr_bits).unwrap());
    }
}

#[test]
fn slice_is_clean() {
    check("sg_slice", &leaf::slice_files().unwrap());
}

#[test]
fn an_impossible_depth_is_refused() {
    assert!(leaf::fifo_files(0).unwrap_err().to_string().contains("address bits"));
    assert!(leaf::fifo_files(15).is_err());
}
