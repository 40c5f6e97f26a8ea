//! Section `[search]`: defaults, round trip, faults.

use super::*;

fn parse(text: &str) -> Result<SearchConfig, toml::de::Error> {
    toml::from_str(text)
}

#[test]
fn the_defaults_are_right_and_survive_a_round_trip() {
    let config = SearchConfig::default();
    assert_eq!(config.check(), []);
    let text = toml::to_string(&config).unwrap();
    assert_eq!(parse(&text).unwrap(), config, "{text}");
    assert_eq!(parse("").unwrap(), config);
}

#[test]
fn a_run_file_may_say_everything() {
    let text = r#"
        method = "brute-force"
        objective = "cycles"
        order = ["ns", "iq"]
        target = { accuracy = 0.9 }
        iq = { ladder = [[8, 8], [3, 4]], least = { conv1 = [4, 8] }, margin = { accuracy = 0.002 }, grid = [1] }
        ns = { margin = "auto" }
        dc = { scope = "all", fine_tune = { epochs = 0, learning_rate = 0.1 } }
    "#;
    let config = parse(text).unwrap();
    assert_eq!(config.check(), []);
    assert_eq!((config.objective, config.ns.margin), (Objective::Cycles, Margin::Auto));
    assert_eq!(config.iq.ladder[1], Widths { weight: 3, activation: 4 });
    assert_eq!(config.margins()["iq"], Margin::Accuracy(0.002));
    assert_eq!((config.method, config.dc.scope), (Method::BruteForce, Scope::All));
}

#[test]
fn unknown_keys_and_stages_are_refused() {
    assert!(parse("margin = 3").is_err());
    assert!(parse("order = [\"iq\", \"xx\"]").is_err());
    assert!(parse("iq = { margin = { steps = 1, accuracy = 0.1 } }").is_err());
}

#[test]
fn each_wrong_value_names_its_place() {
    let cases = [
        ("order = [\"ns\", \"dc\"]", "search.order"),
        ("order = [\"iq\", \"iq\"]", "search.order"),
        ("target = { drop = 1.5 }", "search.target.drop"),
        ("allowance = -0.1", "search.allowance"),
        ("distill = { weight = -0.1, temperature = 1.0 }", "search.distill.weight"),
        ("distill = { weight = 0.1, temperature = 0.0 }", "search.distill.temperature"),
        ("batch = 0", "search.batch"),
        ("iq = { ladder = [[8, 8], [1, 4]] }", "search.iq.ladder[1]"),
        ("iq = { ladder = [] }", "search.iq.ladder"),
        ("iq = { least = { fc1 = [4, 9] } }", "search.iq.least.fc1"),
        ("iq = { grid = [99] }", "search.iq.grid"),
        ("iq = { allocation = \"sensitivity\", fewer = { fc1 = [1, 0] } }", "search.iq.fewer"),
        ("iq = { margin = { accuracy = 2.0 } }", "search.iq.margin.accuracy"),
        ("ns = { ladder = [0.5, 0.5] }", "search.ns.ladder"),
        ("ns = { l1 = -1.0 }", "search.ns.l1"),
        ("ns = { multiple_of = 0 }", "search.ns.multiple_of"),
        ("dc = { ladder = [0.5, 1.0] }", "search.dc.ladder"),
        ("polish = { epochs = 2, learning_rate = 0.0 }", "search.polish.learning_rate"),
        ("polish = { epochs = 20000, learning_rate = 0.1 }", "search.polish.epochs"),
    ];
    for (text, place) in cases {
        let faults = parse(text).unwrap().check();
        assert_eq!(faults.iter().map(|f| f.place.as_str()).collect::<Vec<_>>(), [place], "{text}");
    }
}
