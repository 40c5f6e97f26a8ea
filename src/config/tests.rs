//! The run file as a whole: defaults, round trip, and where faults are said to be.

use super::*;

const MINIMAL: &str = "name = \"a\"\n[data]\ndir = \"images\"\n";

fn fault(text: &str) -> String {
    RunConfig::parse(text).unwrap_err().to_string()
}

#[test]
fn a_minimal_file_gets_valid_defaults_and_survives_a_round_trip() {
    let config = RunConfig::parse(MINIMAL).unwrap();
    assert_eq!((config.seed, config.data.validation), (1, 5000));
    let text = config.to_toml().unwrap();
    assert_eq!(RunConfig::parse(&text).unwrap(), config, "{text}");
}

#[test]
fn faults_name_line_key_found_and_expected() {
    let cases = [
        ("[train]\nepoch = 3", "line 5: train.epoch: found unknown field `epoch`; expected one of `epochs`, `batch`"),
        ("[train]\nepochs = -3", "line 5: train.epochs: found invalid value: integer `-3`; expected a whole number"),
        ("[train]\nepochs = 0", "line 5: train.epochs: found 0; expected 1 to 10000"),
        ("[train]\noptimizer = 'adam'", "line 5: train.optimizer: found unknown variant `adam`; expected `adamw` or"),
        ("[train]\nlearning_rate = 'x'", "line 5: train.learning_rate: found invalid type"),
        ("[train]\nlearning_rate = nan", "line 5: train.learning_rate: found NaN"),
        ("[train.augment]\nflip = 1", "line 5: train.augment.flip"),
        ("[network]\nfamily = 'vgg13'", "line 5: network.family: found unknown variant `vgg13`"),
        ("[network]\nwidth = 0.0", "line 5: network.width: found 0"),
        ("[[network.layers]]\nop = 'conv'\nout = 4\nkernel = 0", "line 7: network.layers[0].kernel: found [0, 0]"),
        (
            "[[network.layers]]\nop = 'conv'\nout = 4\n[[network.layers]]\nop = 'dense'",
            "line 4: network.layers[0].kernel",
        ),
        ("[hardware]\nclock_mhz = 0", "line 5: hardware.clock_mhz: found 0"),
        ("[search.dc]\nladder = [0.5, 2.0]", "line 5: search.dc.ladder"),
        ("[sim]\nstall = 1.0", "line 5: sim.stall: found 1; expected at least 0 and below 1"),
        ("[train]\nepochs = 3\nepochs = 4", "line 6"),
        ("[train\n", "line 4"),
    ];
    for (text, message) in cases {
        let found = fault(&format!("{MINIMAL}{text}\n"));
        assert!(found.contains(message), "{text}\n  gave {found}\n  not  {message}");
        assert!(found.contains("; expected ") && !found.contains('\n'), "{found}");
    }
}

#[test]
fn missing_keys_are_named() {
    assert!(fault("[data]\ndir = 'x'").contains("found no `name`"));
    assert!(fault("name = 'a'\n[data]\nlimit = 9").contains("line 2: data: found no `dir`"));
    assert!(fault("name = 'a'\n[data]\ndir = 3").contains("expected a folder, or a list of folders"));
}

#[test]
fn every_wrong_value_is_told_at_once() {
    let found = fault("name = 'A'\n[data]\ndir = []\nvalidation = 0\n[sim]\nimages = 0\n");
    for place in ["line 1: name", "line 3: data.dir", "line 4: data.validation", "line 6: sim.images"] {
        assert!(found.contains(place), "{found} lacks {place}");
    }
}

#[test]
fn hardware_is_part_of_a_search_that_minimizes_the_design() {
    let parse = |more: &str| toml::from_str::<RunConfig>(&format!("name = 'a'\n[data]\ndir = 'd'\n{more}")).unwrap();
    assert!(parse("").free_sections().contains(&"hardware"));
    let cycles = "[search]\nobjective = 'cycles'\n";
    assert!(!parse(cycles).free_sections().contains(&"hardware"));
    assert!(parse(cycles).check().is_empty());
    let faults = parse(&format!("{cycles}[hardware]\ntarget_fps = 100.0\n")).check();
    assert_eq!(faults.iter().map(|f| f.place.as_str()).collect::<Vec<_>>(), ["search.objective"]);
}
