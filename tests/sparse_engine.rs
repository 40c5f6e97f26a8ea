//! The sparse engine's Verilog against a plain integer model: values, stalls, a reset in mid-image, cycles, lint.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use rand::{Rng, SeedableRng, rngs::StdRng};
use slimgate::network::graph::ActType;
use slimgate::plan::requant::REQUANT_CYCLES;
use slimgate::plan::sparse::{SparseFolding, SparseInput, SparsePlan, completion_cycles, plan};
use slimgate::rtl::sparse::emit;

const IMAGES: usize = 6;

/// What the activations of a case look like.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Acts {
    Nonzero,
    Random,
    Extreme,
}

struct Case {
    plan: SparsePlan,
    acts: Acts,
    stall: (u8, u8),
}

fn matrix(
    rng: &mut StdRng,
    rows: usize,
    columns: usize,
    density: f64,
    weight_bits: u32,
    extreme: bool,
) -> Vec<Vec<(usize, i32)>> {
    let (low, high) = ActType::signed(weight_bits).range();
    let dead_row = rng.random_range(0..rows);
    let mut column = |empty: bool| -> Vec<(usize, i32)> {
        let live = |r: &usize| !empty && *r != dead_row;
        let mut picked = Vec::new();
        for row in (0..rows).filter(live) {
            if rng.random_bool(density) {
                let w = if extreme { low } else { rng.random_range(low..=high) };
                picked.push((row, if w == 0 { high } else { w }));
            }
        }
        picked
    };
    (0..columns).map(|c| column(c % 7 == 3)).collect()
}

/// Signed bits that hold every sum, in any order of addition.
fn acc_bits(columns: &[Vec<(usize, i32)>], bias: &[i64], act: ActType) -> u32 {
    let most = i64::from(act.range().0.abs().max(act.range().1));
    let mut reach: Vec<i64> = bias.iter().map(|b| b.abs()).collect();
    for &(row, w) in columns.iter().flatten() {
        reach[row] += i64::from(w.abs()) * most;
    }
    65 - reach.into_iter().max().unwrap().leading_zeros().min(62)
}

#[allow(clippy::too_many_arguments)]
fn case(
    rng: &mut StdRng,
    shape: (usize, usize),
    density: f64,
    bits: (u32, ActType),
    fold: (usize, usize),
    acts: Acts,
    stall: (u8, u8),
) -> Case {
    let (rows, count) = shape;
    let extreme = acts == Acts::Extreme;
    let columns = matrix(rng, rows, count, density, bits.0, extreme);
    let bias: Vec<i64> = (0..rows).map(|_| rng.random_range(-200..200)).collect();
    let raw = rng.random_bool(0.3);
    let same_shift = rng.random_bool(0.5);
    let shift = |rng: &mut StdRng| {
        if raw {
            vec![]
        } else if same_shift {
            vec![9; rows]
        } else {
            (0..rows).map(|_| rng.random_range(1..=20)).collect()
        }
    };
    let input = SparseInput {
        rows,
        weight_bits: bits.0,
        act: bits.1,
        acc_bits: acc_bits(&columns, &bias, bits.1),
        out: (!raw).then(|| ActType { bits: rng.random_range(2..=8), signed: rng.random_bool(0.4) }),
        bias,
        multiplier: if raw { vec![] } else { (0..rows).map(|_| rng.random_range(1..=u16::MAX)).collect() },
        shift: shift(rng),
        columns,
    };
    let plan = plan(&input, &SparseFolding { banks: fold.0.min(rows), in_lanes: fold.1 }).unwrap();
    Case { plan, acts, stall }
}

fn cases(rng: &mut StdRng) -> Vec<Case> {
    let (u4, u8_, s4, u1) = (ActType::unsigned(4), ActType::unsigned(8), ActType::signed(4), ActType::unsigned(1));
    use Acts::*;
    let mut all = vec![
        case(rng, (32, 120), 0.08, (4, u4), (2, 1), Nonzero, (0, 0)),
        case(rng, (32, 120), 0.15, (4, u4), (4, 1), Nonzero, (0, 0)),
        case(rng, (24, 60), 0.5, (3, s4), (4, 2), Nonzero, (0, 0)),
        case(rng, (20, 90), 0.3, (5, u8_), (3, 4), Nonzero, (0, 0)),
        case(rng, (40, 8), 0.2, (2, u4), (8, 1), Nonzero, (0, 0)),
        case(rng, (10, 64), 0.0, (4, u4), (2, 1), Nonzero, (0, 0)),
        case(rng, (32, 120), 0.1, (4, u4), (2, 1), Random, (0, 0)),
        case(rng, (32, 99), 0.1, (4, u4), (4, 4), Random, (0, 0)),
        case(rng, (13, 50), 1.0, (8, u8_), (3, 1), Extreme, (77, 77)),
        case(rng, (13, 51), 1.0, (8, ActType::signed(8)), (3, 2), Extreme, (77, 77)),
        case(rng, (1, 40), 0.5, (4, u4), (1, 1), Random, (0, 100)),
        case(rng, (9, 1), 0.9, (4, s4), (2, 1), Random, (0, 0)),
        case(rng, (5, 30), 0.01, (2, u1), (5, 2), Random, (40, 150)),
    ];
    for _ in 0..5 {
        let act = ActType { bits: rng.random_range(2..=8), signed: rng.random_bool(0.3) };
        let shape = (rng.random_range(1..40), rng.random_range(1..80));
        let bits = (rng.random_range(2..=8), act);
        let fold = (rng.random_range(1..6), [1, 2, 3, 4][rng.random_range(0..4)]);
        let stall = if rng.random_bool(0.5) { (0, 0) } else { (rng.random_range(0..200), rng.random_range(0..200)) };
        let density = rng.random_range(0.01..1.0_f64).powi(2);
        let acts = [Nonzero, Random, Extreme][rng.random_range(0..3)];
        all.push(case(rng, shape, density, bits, fold, acts, stall));
    }
    all
}

fn image(rng: &mut StdRng, case: &Case) -> Vec<i32> {
    let (low, high) = case.plan.input.act.range();
    let sparse = rng.random_range(0.0..1.0);
    (0..case.plan.input.columns.len())
        .map(|_| match case.acts {
            Acts::Nonzero => Some(rng.random_range(low..=high)).filter(|v| *v != 0).unwrap_or(high),
            Acts::Random if rng.random_bool(sparse) => 0,
            Acts::Random => rng.random_range(low..=high),
            Acts::Extreme => {
                if rng.random_bool(0.5) {
                    low
                } else {
                    high
                }
            }
        })
        .collect()
}

/// The layer in plain integers.
fn expected(input: &SparseInput, image: &[i32]) -> Vec<i64> {
    let mut acc = input.bias.clone();
    for (column, x) in input.columns.iter().zip(image) {
        for &(row, w) in column {
            acc[row] += i64::from(w) * i64::from(*x);
        }
    }
    let Some(out) = input.out else { return acc };
    let (low, high) = out.range();
    acc.iter()
        .enumerate()
        .map(|(r, a)| {
            let scaled = a * i64::from(input.multiplier[r]) + (1 << (input.shift[r] - 1));
            (scaled >> input.shift[r]).clamp(low.into(), high.into())
        })
        .collect()
}

fn hex(values: &[i64], bits: u32) -> String {
    let word: String = values
        .iter()
        .rev()
        .flat_map(|v| (0..bits).rev().map(move |b| if v >> b & 1 == 1 { '1' } else { '0' }))
        .collect();
    let pad = "0".repeat((4 - word.len() % 4) % 4) + &word;
    (0..pad.len() / 4).map(|i| format!("{:x}", u8::from_str_radix(&pad[4 * i..4 * i + 4], 2).unwrap())).collect()
}

/// Writes engines, vectors and a top that runs every case beside the others; returns the Verilog files.
fn write_design(dir: &Path, rng: &mut StdRng, cases: &[Case]) -> Vec<String> {
    let mut files = BTreeMap::new();
    let (mut body, mut dones) = (String::new(), Vec::new());
    for (id, case) in cases.iter().enumerate() {
        let input = &case.plan.input;
        files.extend(emit("t", &format!("n{id}"), &case.plan).unwrap().into_iter().map(|a| (a.path, a.text)));
        let images: Vec<Vec<i32>> = (0..IMAGES).map(|_| image(rng, case)).collect();
        let lanes = case.plan.folding.in_lanes;
        let (mut beats, mut values) = (String::new(), String::new());
        for image in &images {
            for beat in image.chunks(lanes) {
                writeln!(beats, "{}", hex(&beat.iter().map(|v| i64::from(*v)).collect::<Vec<_>>(), input.act.bits))
                    .unwrap();
            }
            for value in expected(input, image) {
                writeln!(values, "{}", hex(&[value], out_bits(input))).unwrap();
            }
        }
        files.insert(format!("mem/in{id}.hex"), beats);
        files.insert(format!("mem/out{id}.hex"), values);
        body += &instance(id, case, rng.random());
        dones.push(format!("done{id}"));
    }
    let top = format!(
        "module top (input wire clk_i, input wire rst_ni, output wire done_o);\n{body}assign done_o = {};\nendmodule\n",
        dones.join(" & ")
    );
    files.insert("top.v".into(), top);
    // Only synthesis reads the ROM's style: it stands in an attribute.
    files.insert("rom.vlt".into(), "`verilator_config\nlint_off -rule UNUSEDPARAM -file \"*sg_rom.v\"\n".into());
    files.insert("sparse_bench.v".into(), include_str!("sparse_bench.v").into());
    files.insert("main.cpp".into(), include_str!("sparse_main.cpp").into());
    for (path, text) in &files {
        let path = dir.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    files.into_keys().filter(|p| p.ends_with(".v")).collect()
}

fn out_bits(input: &SparseInput) -> u32 {
    input.out.map_or(input.acc_bits, |o| o.bits)
}

fn instance(id: usize, case: &Case, seed: u32) -> String {
    let input = &case.plan.input;
    let (in_bits, out) = (case.plan.folding.in_lanes as u32 * input.act.bits, out_bits(input));
    format!(
        "wire [{}:0] d{id}; wire [{}:0] q{id}; wire dv{id}, dr{id}, qv{id}, qr{id}, done{id};\n\
         t_n{id} dut{id} (.clk_i(clk_i), .rst_ni(rst_ni), .in_data_i(d{id}), .in_valid_i(dv{id}), .in_ready_o(dr{id}),\n\
         .out_data_o(q{id}), .out_valid_o(qv{id}), .out_ready_i(qr{id}));\n\
         sparse_bench #(.Id({id}), .InBits({in_bits}), .OutBits({out}), .Beats({}), .Values({}), .PerImage({}), .Delay({}),\n\
         .StallIn(8'd{}), .StallOut(8'd{}), .Seed(32'd{}), .InFile(\"mem/in{id}.hex\"), .OutFile(\"mem/out{id}.hex\")) bench{id} (\n\
         .clk_i(clk_i), .rst_ni(rst_ni), .data_o(d{id}), .valid_o(dv{id}), .ready_i(dr{id}), .data_i(q{id}), .valid_i(qv{id}),\n\
         .ready_o(qr{id}), .done_o(done{id}));\n",
        in_bits - 1,
        out - 1,
        IMAGES * case.plan.beats,
        IMAGES * input.rows,
        input.rows,
        2 * input.rows + 10,
        case.stall.0,
        case.stall.1,
        seed.max(1),
    )
}

fn run(dir: &Path, program: &str, args: &[&str]) -> String {
    let out = Command::new(program).args(args).current_dir(dir).output().unwrap_or_else(|e| panic!("{program}: {e}"));
    let text = [out.stdout, out.stderr].map(|b| String::from_utf8_lossy(&b).into_owned()).concat();
    assert!(out.status.success(), "{program} {args:?}:\n{text}");
    text
}

/// Numbers that follow `key id` in the log, after the mid-image reset.
fn logged(log: &str, key: &str, id: usize) -> Vec<u64> {
    let wanted = format!("{key} {id} ");
    log.lines().filter_map(|l| l.strip_prefix(&wanted)).map(|l| l.parse().unwrap()).collect()
}

fn check_cycles(id: usize, case: &Case, start: u64, ends: &[u64]) {
    let plan = &case.plan;
    let counts: Vec<&[usize]> = plan.banks.iter().map(|b| b.counts.as_slice()).collect();
    let queue = 1 << plan.queue_addr_bits;
    let model = completion_cycles(&counts, plan.folding.in_lanes, plan.input.rows, queue, IMAGES);
    let tail = if plan.input.out.is_some() { 5 + REQUANT_CYCLES as u64 } else { 5 };
    let measured: Vec<u64> = ends.iter().map(|e| e - start).collect();
    let bounds: Vec<u64> = model.iter().map(|c| c + tail).collect();
    let least = plan.entries_per_bank.iter().copied().max().unwrap().max(plan.beats).max(plan.input.rows) as u64;
    assert!(plan.cycles_bound >= least);
    if case.acts == Acts::Nonzero {
        assert_eq!(measured, bounds, "case {id}: cycles without zeros");
        let interval = (ends[IMAGES - 1] - ends[1]) as f64 / (IMAGES - 2) as f64;
        assert!(
            interval <= plan.cycles_bound as f64 && interval >= 0.98 * plan.cycles_bound as f64,
            "case {id}: {interval}"
        );
    } else {
        assert!(measured.iter().zip(&bounds).all(|(m, b)| m <= b), "case {id}: {measured:?} above {bounds:?}");
    }
    eprintln!(
        "case {id}: {:?} least {least} bound {} queue {queue} measured {measured:?}",
        case.acts, plan.cycles_bound
    );
}

#[test]
fn engines_are_exact_and_on_time() {
    let seed = std::env::var("SLIMGATE_SEED").ok().map_or_else(rand::random, |s| s.parse().unwrap());
    eprintln!("SLIMGATE_SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let cases = cases(&mut rng);
    let kept = std::env::var_os("SLIMGATE_KEEP").map(std::path::PathBuf::from);
    let temp = tempfile::tempdir().unwrap();
    let dir = kept.as_deref().unwrap_or(temp.path());
    let files = write_design(dir, &mut rng, &cases);
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    for id in 0..cases.len() {
        let top = format!("t_n{id}");
        let mine = files.iter().copied().filter(|f| f.starts_with("rtl/sg_") || *f == format!("rtl/{top}.v"));
        run(
            dir,
            "verilator",
            &["--lint-only", "-Wall", "rom.vlt", "--top-module", &top].into_iter().chain(mine).collect::<Vec<_>>(),
        );
    }
    let rtl: Vec<&str> = files.iter().copied().filter(|f| f.starts_with("rtl/")).collect();
    run(dir, "iverilog", &[&["-g2005", "-Wall", "-tnull", "-s", "top"][..], &files].concat());
    for id in [0, 3, 8] {
        let script =
            format!("read_verilog -defer {}; hierarchy -check -top t_n{id}; proc; check -assert", rtl.join(" "));
        run(dir, "yosys", &["-q", "-p", &script]);
    }
    let build = [
        "--cc",
        "--exe",
        "--build",
        "-j",
        "2",
        "-MAKEFLAGS",
        "OPT_FAST=-O0",
        "-Wno-fatal",
        "-Wno-WIDTH",
        "--top-module",
        "top",
        "main.cpp",
    ];
    run(dir, "verilator", &[&build[..], &files].concat());
    let log = run(dir, "obj_dir/Vtop", &["200000"]);
    let log = log.split_once("run\n").unwrap().1;
    for (id, case) in cases.iter().enumerate() {
        let done = format!("done {id} wrong 0 unstable 0");
        assert!(
            log.contains(&done),
            "case {id} ({:?}):\n{}",
            case.acts,
            log.lines().filter(|l| l.contains(&format!(" {id} "))).collect::<Vec<_>>().join("\n")
        );
        if case.stall == (0, 0) {
            check_cycles(id, case, logged(log, "start", id)[0], &logged(log, "end", id));
        }
    }
}

/// Resources of a typical layer: `SLIMGATE_KEEP=dir cargo test --test sparse_engine -- --ignored fc1`, then Yosys there.
#[test]
#[ignore = "writes files for synthesis"]
fn fc1_files_for_synthesis() {
    let mut rng = StdRng::seed_from_u64(1);
    let act = ActType::unsigned(4);
    let columns = matrix(&mut rng, 128, 1568, 0.08, 4, false);
    let bias: Vec<i64> = (0..128).map(|_| rng.random_range(-200..200)).collect();
    let acc_bits = acc_bits(&columns, &bias, act);
    let multiplier = (0..128).map(|_| rng.random_range(1 << 11..1 << 12)).collect();
    let input = SparseInput {
        rows: 128,
        columns,
        weight_bits: 4,
        act,
        acc_bits,
        out: Some(act),
        bias,
        multiplier,
        shift: vec![16; 128],
    };
    let dir = std::env::var("SLIMGATE_KEEP").expect("SLIMGATE_KEEP names a folder");
    for (banks, in_lanes) in [(2, 1), (4, 1), (8, 1), (8, 2)] {
        let plan = plan(&input, &SparseFolding { banks, in_lanes }).unwrap();
        let least = plan.entries_per_bank.iter().max().unwrap();
        eprintln!(
            "{banks} banks, {in_lanes} lanes: most entries {least}, bound {}, queue 2^{}",
            plan.cycles_bound, plan.queue_addr_bits
        );
        for file in emit("t", &format!("b{banks}l{in_lanes}"), &plan).unwrap() {
            let path = Path::new(&dir).join(&file.path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, file.text).unwrap();
        }
    }
}
