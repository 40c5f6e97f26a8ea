//! Leaf cells under random traffic: rust-hdl's simulator against a queue model, then the emitted Verilog on the same
//! vectors in Icarus.

use std::collections::VecDeque;
use std::fmt::Write;
use std::process::Command;

use rand::{Rng, SeedableRng, rngs::StdRng};
use rust_hdl::prelude::*;
use slimgate::rtl::leaf::{self, fifo::FifoCtrl, fifo::FifoFetch, slice::SliceCtrl};

const CYCLES: usize = 4000;

/// A cell with a stream on each side, one clock at a time; the data path is modelled here, the control in rust-hdl.
trait Cell {
    /// Applies the inputs of a cycle; returns `(in_ready, out_valid, out_data)` before the clock edge.
    fn settle(&mut self, reset_n: bool, data: u16, in_valid: bool, out_ready: bool) -> (bool, bool, u16);
    /// The clock edge.
    fn clock(&mut self);
}

struct Fifo<const N: usize> {
    ctrl: FifoCtrl<N>,
    fetch: Option<FifoFetch<N>>,
    mem: Vec<u16>,
    read: u16,
    data: u16,
}

impl<const N: usize> Fifo<N> {
    fn new() -> Self {
        let fetches = leaf::fifo_latency(N as u32) == 2;
        let mut ctrl = FifoCtrl::default();
        ctrl.connect_all();
        let fetch = fetches.then(|| {
            let mut fetch = FifoFetch::default();
            fetch.connect_all();
            fetch
        });
        Self { ctrl, fetch, mem: vec![0; 1 << N], read: 0, data: 0 }
    }

    fn settle_control(&mut self, out_ready: bool) {
        let Some(fetch) = &mut self.fetch else {
            self.ctrl.out_ready_i.next = out_ready;
            assert!(simulate(&mut self.ctrl, 20));
            return;
        };
        // Neither block's outputs feed back into the signals exchanged, so two rounds settle both.
        for _ in 0..2 {
            assert!(simulate(&mut self.ctrl, 20));
            fetch.filled_i.next = self.ctrl.out_valid_o.val();
            fetch.wr_addr_i.next = self.ctrl.wr_addr_o.val();
            fetch.rd_addr_i.next = self.ctrl.rd_addr_o.val();
            fetch.out_ready_i.next = out_ready;
            assert!(simulate(fetch, 20));
            self.ctrl.out_ready_i.next = fetch.pop_o.val();
            assert!(simulate(&mut self.ctrl, 20));
        }
    }
}

impl<const N: usize> Cell for Fifo<N> {
    fn settle(&mut self, reset_n: bool, data: u16, in_valid: bool, out_ready: bool) -> (bool, bool, u16) {
        self.data = data;
        self.ctrl.rst_ni.next = reset_n;
        self.ctrl.in_valid_i.next = in_valid;
        if let Some(fetch) = &mut self.fetch {
            fetch.rst_ni.next = reset_n;
        }
        self.settle_control(out_ready);
        let ready = self.ctrl.in_ready_o.val();
        match &self.fetch {
            Some(fetch) => (ready, fetch.out_valid_o.val(), self.read),
            None => (ready, self.ctrl.out_valid_o.val(), self.mem[self.ctrl.rd_addr_o.val().index()]),
        }
    }

    fn clock(&mut self) {
        if let Some(fetch) = &self.fetch {
            self.read = self.mem[fetch.fetch_addr_o.val().index()];
        }
        if self.ctrl.wr_en_o.val() {
            self.mem[self.ctrl.wr_addr_o.val().index()] = self.data;
        }
        for level in [true, false] {
            self.ctrl.clk_i.next = level.into();
            assert!(simulate(&mut self.ctrl, 20));
            if let Some(fetch) = &mut self.fetch {
                fetch.clk_i.next = level.into();
                assert!(simulate(fetch, 20));
            }
        }
    }
}

struct Slice {
    ctrl: SliceCtrl,
    out: u16,
    skid: u16,
    data: u16,
}

impl Cell for Slice {
    fn settle(&mut self, reset_n: bool, data: u16, in_valid: bool, out_ready: bool) -> (bool, bool, u16) {
        self.data = data;
        self.ctrl.rst_ni.next = reset_n;
        self.ctrl.in_valid_i.next = in_valid;
        self.ctrl.out_ready_i.next = out_ready;
        assert!(simulate(&mut self.ctrl, 20));
        (self.ctrl.in_ready_o.val(), self.ctrl.out_valid_o.val(), self.out)
    }

    fn clock(&mut self) {
        let skidded = self.ctrl.skidded_o.val();
        if self.ctrl.load_o.val() {
            self.out = if skidded { self.skid } else { self.data };
        }
        if !skidded {
            self.skid = self.data;
        }
        for level in [true, false] {
            self.ctrl.clk_i.next = level.into();
            assert!(simulate(&mut self.ctrl, 20));
        }
    }
}

/// One cycle's inputs and outputs; data count only where valid.
struct Vector {
    inputs: (bool, u16, bool, bool),
    outputs: (bool, bool, u16),
}

/// Runs random traffic with phases of pressure on either side, against a queue of at most `capacity` words.
fn traffic(cell: &mut dyn Cell, capacity: usize, latency: usize, seed: u64) -> Vec<Vector> {
    let mut rng = StdRng::seed_from_u64(seed);
    let (mut queue, mut vectors) = (VecDeque::<(usize, u16)>::new(), Vec::new());
    let (mut fill, mut empty) = (0.5, 0.5);
    for cycle in 0..CYCLES {
        if cycle % 64 == 0 {
            (fill, empty) =
                [(1.0, 1.0), (0.9, 0.1), (0.1, 0.9), (0.5, 0.5), (1.0, 0.0), (0.0, 1.0)][rng.random_range(0..6)];
        }
        let reset_n = cycle >= 2 && cycle % 1000 != 999;
        let inputs = (reset_n, rng.random(), rng.random_bool(fill), rng.random_bool(empty));
        let outputs = cell.settle(inputs.0, inputs.1, inputs.2, inputs.3);
        let (ready, valid, data) = outputs;
        if cycle >= 1 {
            assert_eq!(ready, queue.len() < capacity, "cycle {cycle}: ready with {} words", queue.len());
            assert_eq!(valid, queue.front().is_some_and(|w| cycle >= w.0 + latency), "cycle {cycle}: valid");
        }
        if valid {
            assert_eq!(data, queue[0].1, "cycle {cycle}: data");
        }
        vectors.push(Vector { inputs, outputs });
        cell.clock();
        if valid && inputs.3 {
            queue.pop_front();
        }
        if ready && inputs.2 {
            queue.push_back((cycle, inputs.1));
        }
        if !reset_n {
            queue.clear();
        }
    }
    vectors
}

/// Replays the vectors on the emitted Verilog.
fn cosimulate(module: &str, files: &[slimgate::rtl::Artifact], vectors: &[Vector]) {
    let dir = tempfile::tempdir().unwrap();
    let mut lines = String::new();
    for Vector { inputs: (r, d, v, o), outputs: (ready, valid, data) } in vectors {
        let flags = [*r, *v, *o, *ready, *valid].iter().fold(0, |acc, b| acc << 1 | u32::from(*b));
        writeln!(lines, "{flags:02x}{d:04x}{data:04x}").unwrap();
    }
    std::fs::write(dir.path().join("vectors.hex"), lines).unwrap();
    std::fs::create_dir(dir.path().join("rtl")).unwrap();
    for file in files {
        std::fs::write(dir.path().join(&file.path), &file.text).unwrap();
    }
    let bench = include_str!("leaf_bench.v").replace("CELL", module).replace("CYCLES", &vectors.len().to_string());
    std::fs::write(dir.path().join("bench.v"), bench).unwrap();
    let mut args = vec!["-g2005", "-o", "bench", "bench.v"];
    args.extend(files.iter().map(|f| f.path.as_str()));
    let built = Command::new("iverilog").args(&args).current_dir(dir.path()).output().unwrap();
    assert!(built.status.success(), "{module}: {}", String::from_utf8_lossy(&built.stderr));
    let ran = Command::new("vvp").arg("bench").current_dir(dir.path()).output().unwrap();
    let log = String::from_utf8_lossy(&ran.stdout);
    assert!(log.trim_end().ends_with("0 differences"), "{module}: {log}");
}

fn fifo<const N: usize>() {
    let vectors = traffic(&mut Fifo::<N>::new(), 1 << N, leaf::fifo_latency(N as u32) as usize, N as u64);
    cosimulate(&format!("sg_fifo_a{N}"), &leaf::fifo_files(N as u32).unwrap(), &vectors);
}

#[test]
fn fifos_in_lut_ram() {
    fifo::<1>();
    fifo::<2>();
    fifo::<4>();
    fifo::<6>();
}

#[test]
fn fifos_in_block_ram() {
    fifo::<7>();
    fifo::<8>();
    fifo::<10>();
}

#[test]
fn register_slice() {
    let mut ctrl = SliceCtrl::default();
    ctrl.connect_all();
    let vectors = traffic(&mut Slice { ctrl, out: 0, skid: 0, data: 0 }, 2, 1, 7);
    cosimulate("sg_slice", &leaf::slice_files().unwrap(), &vectors);
}
