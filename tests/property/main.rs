//! Random networks through the whole back end, bit for bit.

mod batch;
mod random;

use batch::{Batch, Design};
use slimgate::network::graph::Shape;
use slimgate::rtl::Artifact;
use slimgate::sim::vectors::Vectors;

/// The hand-written design under another name, as a design that fails with `fault` (0: none).
fn tiny(name: &str, fault: usize) -> Design {
    let text = include_str!("../fixtures/tiny/rtl/tiny_top.v").replace("tiny_top", &format!("{name}_top"));
    let memory = format!("mem/{name}_fault.hex");
    let artifacts = vec![
        Artifact::new(format!("rtl/{name}_top.v"), text.replace("mem/fault.hex", &memory)),
        Artifact::new(memory, format!("{fault:x}\n")),
    ];
    let pixels: Vec<u8> = (0..4 * 24).map(|i| (i * 89 % 256) as u8).collect();
    let weight = |row: usize, col: usize| ((col * 5 + row * 7 + col * row) % 15) as i32 - 7;
    let score = |image: &[u8], row: usize| -> i32 {
        let terms = (0..12).flat_map(|pixel| (0..2).map(move |channel| (pixel, channel)));
        100 * row as i32 - 50 + terms.map(|(p, c)| i32::from(image[2 * p + c]) * weight(row, 12 * c + p)).sum::<i32>()
    };
    let scores = pixels.chunks(24).map(|image| (0..3).map(|row| score(image, row)).collect()).collect();
    let vectors = Vectors { shape: Shape { c: 2, h: 3, w: 4 }, pixels, scores };
    Design { name: name.into(), artifacts, vectors, cycles_per_image: 12 }
}

#[test]
fn designs_of_a_batch_run_apart() {
    let designs = [tiny("one", 0), tiny("two", 1), tiny("three", 0)];
    let batch = Batch::build(&designs.each_ref()).unwrap();
    let passed = |index: usize| {
        let outcome = batch.run(index, &designs[index], 0.3, 5).unwrap();
        assert_eq!(outcome.latency_cycles, 14);
        outcome.passed()
    };
    assert_eq!([passed(0), passed(1), passed(2)], [true, false, true]);
}
