//! The parts of the power estimate by themselves: a waveform sorted by layer and kind, a Liberty file, coefficients.

use std::fs;
use std::path::PathBuf;

use slimgate::power::activity;
use slimgate::power::library::Library;
use slimgate::power::parts::{self, Kind};
use slimgate::power::technology::{Name, Technology};
use tempfile::TempDir;

/// Layer `c` with a register, a product, a weight memory that is read in one of two cycles, and rows in a window; a register
/// of the top beside it.
const VCD: &str = "$timescale 1ps $end $scope module dut $end $var wire 1 ! clk_i $end $var wire 2 a top_q $end \
    $scope module u_c $end $var wire 1 ! clk_i $end $var wire 4 b acc_q $end $var wire 8 c prod $end $var wire 3 d mixed $end \
    $scope module u_weight $end $var parameter 32 p AddrBits $end $var parameter 32 q Depth $end $var wire 1 e en_i $end \
    $var wire 6 f data_o $end $upscope $end \
    $scope module u_window $end $var wire 2 g row_q2 $end $var wire 2 g copy_i $end $upscope $end $upscope $end \
    $upscope $end $enddefinitions $end\n\
    #0\n0!\nb0 a\nb0 b\nb0 c\nb0 d\nb0 f\nb0 g\n0e\nb11 p\nb11 q\n#5\n1!\n1e\nb1 a\nb11 b\nb111 c\nb111111 f\n#10\n0!\nb10 d\n\
    #15\n1!\n0e\nb0 b\nb11 g\n#20\n0!\n";

#[test]
fn a_waveform_is_sorted_by_layer_and_kind() {
    let activity = activity::read(VCD.as_bytes()).unwrap();
    assert_eq!(activity.cycles, 2);
    let sorted = parts::sort(&activity, "dut", &["c".to_string()]);
    let moved = |layer: &str, kind| sorted[&(layer.to_string(), kind)];
    let compute = moved("c", Kind::Compute);
    // acc_q 0 to 3 to 0; a product of three changes, eight bits wide; the other wires are the product and `mixed`.
    assert_eq!((compute.register_bits, compute.register_toggles), (4, 4));
    assert_eq!((compute.product_toggles, compute.product_work, compute.wire_toggles), (3, 3 * 4, 3 + 1));
    let weights = moved("c", Kind::WeightMemory);
    assert_eq!((weights.read_bits, weights.written_bits, weights.register_bits), (6, 0, 0));
    // A port that is the same net counts once.
    let rows = moved("c", Kind::LineBuffers);
    assert_eq!((rows.register_bits, rows.register_toggles, rows.wire_toggles), (2, 2, 0));
    assert_eq!(moved(parts::STREAMS, Kind::Activations).register_toggles, 1);
}

const LIBERTY: &str = r#"library (small) {
  nom_voltage : 2.0;
  capacitive_load_unit (1, pf);
  leakage_power_unit : "1nW";
  cell (NAND) { area : 4; cell_leakage_power : 3;
    pin (A) { direction : input; capacitance : 0.01; }
    pin (B) { direction : input; capacitance : 0.03; }
    pin (Y) { direction : output; capacitance : 0;
      internal_power () { related_pin : "A"; rise_power (t) { values ("0.01, 0.02", "0.03, 0.04"); } fall_power (t) { values ("0.05, 0.06", "0.07, 0.08"); } } } }
  cell (DFFN) { area : 7; cell_leakage_power : 5; ff (IQ, IQN) { clocked_on : "!C"; next_state : "D"; }
    pin (C) { direction : input; clock : true; capacitance : 9; } pin (D) { direction : input; capacitance : 0.01; } pin (Q) { direction : output; } }
  cell (DFF) { area : 8; cell_leakage_power : 6; ff (IQ, IQN) { clocked_on : "C"; next_state : "D"; }
    pin (C) { direction : input; clock : true; capacitance : 0.05; } pin (D) { direction : input; capacitance : 0.01; } pin (Q) { direction : output; } }
}"#;

fn file(folder: &TempDir, text: &str) -> PathBuf {
    let file = folder.path().join("cells.lib");
    fs::write(&file, text).unwrap();
    file
}

fn near(found: f64, expected: f64) {
    assert!((found / expected - 1.0).abs() < 1e-9, "{found} is not {expected}");
}

#[test]
fn a_library_gives_energies() {
    let folder = TempDir::new().unwrap();
    let file = file(&folder, LIBERTY);
    let library = Library::load(&file).unwrap();
    assert_eq!(library.cells.len(), 3);
    // The rising flip-flop, though the falling one is smaller.
    assert_eq!(library.register().map(|cell| cell.area), Some(8.0));
    let gate = library.gate().unwrap();
    near(gate.leakage_watts, 3e-9);
    // The middle row's second column, rise and fall.
    near(library.change(&gate.pins["Y"]), (0.04 + 0.08) / 2.0 * 1e-12);
    // C V^2 / 2.
    near(library.change(&gate.pins["B"]), 0.03e-12 * 4.0 / 2.0);

    let cells = Technology::cells(&file, Some(90.0)).unwrap();
    near(cells.net_toggle, 0.06e-12 + 0.02e-12 * 2.0);
    near(cells.register_clock, 2.0 * 0.05e-12 * 2.0);
    // 10 pJ for 64 bits, twice the feature size, (2.0 / 0.9)^2.
    near(cells.memory_bit, 10e-12 / 64.0 * 2.0 * (2.0f64 / 0.9).powi(2));
    near(Technology::cells(&file, None).unwrap().memory_bit, cells.memory_bit * 200.0 / 90.0);
}

#[test]
fn a_broken_library_is_told() {
    let folder = TempDir::new().unwrap();
    let broken = [
        ("nonsense", "standard-cell library"),
        (&LIBERTY.replace("nom_voltage : 2.0;", ""), "no nom_voltage"),
        (&LIBERTY.replace("capacitive_load_unit (1, pf);", ""), "no capacitive_load_unit"),
        (&LIBERTY.replace("clocked_on : \"C\"", "clocked_on : \"!C\""), "no plain flip-flop"),
    ];
    for (text, message) in broken {
        let error = Technology::cells(&file(&folder, text), None).unwrap_err().to_string();
        assert!(error.contains(message) && error.contains("cells.lib"), "{error}");
    }
}

/// Each coefficient gives the measured currents back (1.219 V, 12 MHz).
#[test]
fn the_fpga_is_as_measured() {
    let fpga = Technology::named(Name::Ice40up5k);
    let microamperes = |joules: f64| joules * 12e6 / 1.219 * 1e6;
    let counter = 645.0;
    near(counter + microamperes(70.46 * fpga.net_toggle + 16.0 * fpga.register_clock), 996.0);
    let block = 26.0 * fpga.net_toggle + 7.59 * fpga.product_toggle + 16.0 * fpga.register_clock;
    near(counter + microamperes(block), 882.0);
    near(613.5 + microamperes(196.0 * fpga.register_clock), 641.3);
    near(85.6 + microamperes(fpga.clock_base + 32.0 * fpga.register_clock), 613.5);
    near(fpga.base_leakage, 85.6e-6 * 1.219);
}
