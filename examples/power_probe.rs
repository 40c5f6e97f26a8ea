use std::path::Path;
use slimgate::network::Network;
use slimgate::network::interp::Interpreter;
use slimgate::network::random::random_image;
use slimgate::power::{gates, library::Library, measure, parts};
use slimgate::sim::manifest::Manifest;
use slimgate::sim::vectors::Vectors;
use rand::SeedableRng;
fn main() -> anyhow::Result<()> {
    let a: Vec<String> = std::env::args().collect();
    let dir = Path::new(&a[1]);
    let lib = Path::new(&a[2]);
    let images: usize = a[3].parse()?;
    let manifest = Manifest::load(dir)?;
    let network = Network::load(manifest.network.as_ref().unwrap())?;
    let interp = Interpreter::new(&network)?;
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let pixels: Vec<u8> = (0..images).flat_map(|_| random_image(&mut rng, interp.input())).collect();
    let scores = interp.scores_all(&pixels, || {});
    let vectors = Vectors { shape: interp.input(), pixels, scores };
    let activity = measure(dir, &manifest, &vectors, slimgate::sim::Simulator::Verilator)?;
    let layers: Vec<String> = manifest.layers.iter().map(|l| l.node.clone()).collect();
    let sorted = parts::sort(&activity, &manifest.top, &layers);
    let mut sum = parts::Moved::default();
    for ((layer, kind), m) in &sorted {
        eprintln!("{layer:10} {kind:?} {m:?}");
        sum.register_bits += m.register_bits; sum.register_toggles += m.register_toggles; sum.wire_toggles += m.wire_toggles;
        sum.product_toggles += m.product_toggles; sum.read_bits += m.read_bits; sum.written_bits += m.written_bits;
    }
    let folder = gates::map(dir, &manifest.top, lib)?;
    let library = Library::load(lib)?;
    let g = measure(&folder, &manifest, &vectors, slimgate::sim::Simulator::Icarus)?;
    let cost = gates::cost(&folder, &manifest.top, &library, &g)?;
    eprintln!("gate: {:?} register {:?}", library.gate(), library.register());
    println!("{{\"design\":\"{}\",\"cycles\":{},\"regs\":{},\"reg_toggles\":{},\"wire_toggles\":{},\"product_toggles\":{},\"cells\":{},\"registers\":{},\"area\":{},\"logic_pj\":{},\"clock_pj\":{},\"leak\":{}}}",
        a[1], activity.cycles, sum.register_bits, sum.register_toggles, sum.wire_toggles, sum.product_toggles, cost.cells, cost.registers, cost.area, cost.logic_joules*1e12, cost.clock_joules*1e12, cost.leakage_watts);
    Ok(())
}
