//! The Pareto front, and what the planner says where nothing fits.

use std::path::Path;

use slimgate::network::graph::InputSpec;
use slimgate::network::random::chain;
use slimgate::network::{Network, Params};
use slimgate::plan::balance::Planner;
use slimgate::plan::device::Device;
use slimgate::plan::goal::{Goal, Target};
use slimgate::plan::memory::{Kind, Style};
use slimgate::plan::pareto::{Point, front};
use slimgate::plan::reach::balance;
use slimgate::plan::{Engine, Plan};
use slimgate::rtl::design;
use slimgate::rtl::scripts::Board;

fn example() -> Network {
    Network::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/example-network")).unwrap()
}

fn goal(target: Target, device: &str) -> Goal {
    Goal::new(target, Device::named(device).unwrap())
}

fn costs(point: &Point) -> [f64; 4] {
    let r = &point.resources;
    [point.cycles_per_image as f64, r.lut, r.dsp, r.bram]
}

#[test]
fn no_design_of_the_front_beats_another_and_its_flags_give_it() {
    let network = example();
    let points = front(&network, &goal(Target::Fit, "xc7z020")).unwrap();
    assert!(points.len() > 10, "{}", points.len());
    let fastest = balance(&network, &goal(Target::Fit, "xc7z020")).unwrap();
    assert_eq!(points[0].cycles_per_image, fastest.cycles_per_image);
    for (i, point) in points.iter().enumerate() {
        let beaten =
            |(k, other): (usize, &Point)| k != i && costs(other).iter().zip(costs(point)).all(|(o, p)| *o <= p);
        assert!(!points.iter().enumerate().any(beaten), "{point:?}");
        let flags: Vec<&str> = point.flags.split(' ').collect();
        let (target, max_dsp) = match flags[..] {
            ["--target-cycles", cycles, "--max-dsp", dsp] => {
                (Target::Cycles(cycles.parse().unwrap()), dsp.parse().ok())
            }
            ["--fit"] => (Target::Fit, None),
            _ => panic!("{}", point.flags),
        };
        let plan = balance(&network, &Goal { max_dsp, ..goal(target, "xc7z020") }).unwrap();
        assert_eq!((plan.cycles_per_image, plan.resources), (point.cycles_per_image, point.resources));
    }
}

#[test]
fn what_does_not_fit_is_named_with_a_change_that_does() {
    let network = example();
    let fit = balance(&network, &goal(Target::Fit, "xc7z020")).unwrap();
    let most = fit.resources.lut as usize * 3 / 4;
    let target = Target::Cycles(fit.cycles_per_image);
    let error = balance(&network, &Goal { max_lut: Some(most), ..goal(target, "xc7z020") }).unwrap_err().to_string();
    let (_, advice) = error.split_once("it would fit with ").unwrap_or_else(|| panic!("{error}"));
    assert!(error.starts_with("--max-lut: found ") && error.contains("of them in \"conv"), "{error}");
    let cycles: u64 = advice.split_once(" cycles").unwrap().0.parse().unwrap();
    let slower = Goal { max_lut: Some(most), ..goal(Target::Cycles(cycles), "xc7z020") };
    assert!(balance(&network, &slower).unwrap().resources.lut <= most as f64);
    assert!(balance(&network, &Goal { max_lut: Some(10), ..slower }).is_err());
}

#[test]
fn a_limit_of_luts_moves_roms_to_block_ram_as_far_as_it_must() {
    let network = chain("roms", 7, 8, "14x14x4", &["conv:16", "max:2", "conv:16", "max:7", "dense:10"]).unwrap();
    let usual = goal(Target::Cycles(6000), "xczu3eg");
    let at = |most: f64| balance(&network, &Goal { max_lut: Some(most as usize), ..usual });
    let plenty = balance(&network, &usual).unwrap();
    let before = plenty.resources;
    let roms = |plan: &Plan| plan.memories().filter(|m| (m.kind, m.style) == (Kind::Rom, Style::Distributed)).count();
    let mut last = (roms(&plenty), before.bram);
    for most in [before.lut - 1.0, before.lut - 200.0, before.lut - 400.0] {
        let plan = at(most).unwrap();
        assert!(plan.resources.lut <= most && plan.resources.dsp == before.dsp, "{:?}", plan.resources);
        assert_eq!(plan.cycles_per_image, plenty.cycles_per_image);
        let now = (roms(&plan), plan.resources.bram);
        assert!(now.0 < last.0 && now.1 > last.1, "{now:?} after {last:?}");
        last = now;
    }
    // Where all of them are not enough, the error says what the usual plan takes.
    let error = at(before.lut / 4.0).unwrap_err().to_string();
    assert!(error.starts_with(&format!("--max-lut: found {:.0} LUT", before.lut)), "{error}");
    // Nor are they where there is no block RAM.
    let most = before.lut - 1.0;
    let none = Device { bram_kbit: before.bram_kbit() as u32, ..usual.device };
    assert!(balance(&network, &Goal { max_lut: Some(most as usize), device: none, ..usual }).is_err());
}

#[test]
fn the_verilog_has_the_style_of_a_rom_that_moved() {
    let network = chain("roms", 7, 4, "12x12x2", &["conv:8", "max:2", "sparse:24:0.2", "dense:10"]).unwrap();
    let usual = goal(Target::Cycles(1500), "xczu3eg");
    let sparse =
        |plan: &Plan| plan.layers.iter().find(|layer| matches!(layer.engine, Engine::Sparse(_))).unwrap().clone();
    let before = balance(&network, &usual).unwrap();
    let blocks = |plan: &Plan| sparse(plan).memories.iter().filter(|memory| memory.style == Style::Block).count();
    let plan = balance(&network, &Goal { max_lut: Some(before.resources.lut as usize * 2 / 3), ..usual }).unwrap();
    assert!(blocks(&plan) > blocks(&before));
    let dir = tempfile::tempdir().unwrap();
    design::make(&network, &plan, None, &Board { device: usual.device, clock_mhz: 100.0 }, dir.path()).unwrap();
    let text = std::fs::read_to_string(dir.path().join(format!("rtl/roms_{}.v", sparse(&plan).node))).unwrap();
    assert_eq!(text.matches("\"block\"").count(), blocks(&plan), "{text}");
}

/// `size` x `size` pixels to `outs` scores with weights of 8 bits.
fn large(size: usize, outs: usize) -> Network {
    let nodes = serde_json::json!([
        { "name": "flat", "inputs": ["input"], "op": { "flatten": {} } },
        { "name": "fc", "inputs": ["flat"], "op": { "dense": { "out_features": outs, "weight_bits": 8, "storage": "dense" } } }
    ]);
    let weight = (0..outs * size * size).map(|i| (i as i32 * 37 % 251 - 125) as i8).collect();
    let params = Params { weight, bias: vec![0; outs], ..Params::default() };
    Network {
        name: "large".into(),
        input: InputSpec { channels: 1, height: size, width: size },
        classes: (0..outs).map(|class| format!("class{class}")).collect(),
        nodes: serde_json::from_value(nodes).unwrap(),
        params: [("fc".to_string(), params)].into(),
    }
}

#[test]
fn a_network_that_a_device_cannot_hold_is_told_which_can() {
    // 164 kbit, where iCE40 UltraPlus has 120.
    let network = large(16, 80);
    let error = balance(&network, &goal(Target::Fit, "ice40up5k")).unwrap_err().to_string();
    assert!(error.starts_with("--device: found ") && error.contains("kbit block RAM of them in \"fc\""), "{error}");
    let (_, device) = error.split_once("--device ").unwrap_or_else(|| panic!("{error}"));
    let device = device.split([',', ')']).next().unwrap();
    assert!(balance(&network, &goal(Target::Fit, device)).is_ok());
    let (_, bits) = error.split_once(", or ").unwrap_or_else(|| panic!("{error}"));
    assert!(bits.contains("bits a weight of \"fc\" instead of 8"), "{error}");
}

#[test]
fn nothing_that_fits_is_much_faster() {
    // Most of the block RAM: which foldings fit is a matter of how their words fill it.
    for (size, outs, device) in [(28, 258, "xc7a35t"), (16, 49, "ice40up5k"), (28, 144, "lfe5u-25f")] {
        let (network, goal) = (large(size, outs), goal(Target::Fit, device));
        let planner = Planner::new(&network, goal.block()).unwrap();
        let fit = balance(&network, &goal).unwrap().cycles_per_image;
        let mut cycles = (size * size) as u64;
        while cycles < fit * 9 / 10 {
            let plan = planner.within(cycles, &goal).unwrap();
            let fits = goal.broken(&plan).is_none();
            assert!(
                !fits || plan.cycles_per_image > fit * 9 / 10,
                "{device}: {} instead of {fit}",
                plan.cycles_per_image
            );
            cycles += cycles / 25;
        }
    }
}
