//! The journal and the resuming of a killed search, on networks by formula.

mod search_common;

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use search_common::{Formula, State, plan};
use slimgate::error::InputError;
use slimgate::search::bench::Measured;
use slimgate::search::climb::Schedule;
use slimgate::search::journal::{self, Journal, Role, key_of};
use slimgate::search::margin::{self, Margin};
use slimgate::search::recorded::Recorded;

/// Runs (or resumes) a search and its polish in `run`; dies after `lives` networks.
fn search(formula: &Formula, run: &Path, lives: Option<usize>) -> anyhow::Result<Measured> {
    let mut formula = formula.clone();
    formula.lives = lives;
    let mut bench = Recorded::open(formula, run)?;
    let plan = plan(&["iq", "ns", "dc"], 0.01, Margin::Steps(1), Schedule::Gallop);
    let result = margin::search(&mut bench, &plan)?;
    bench.finish(&result)
}

#[test]
fn a_line_a_network_with_its_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let network = search(&Formula::three(), folder.path(), None).unwrap();
    let lines = journal::read(folder.path().join("search.jsonl")).unwrap();
    let count = |role| lines.iter().filter(|e| e.role == role).count();
    assert_eq!((count(Role::Baseline), count(Role::Preparation), count(Role::Polish)), (1, 1, 1));
    assert_eq!(lines[0].stage, "float");
    let target = lines[0].val_accuracy - 0.01;
    for line in lines.iter().filter(|e| e.role == Role::Candidate) {
        assert_eq!(line.accepted, line.val_accuracy >= target, "{line:?}");
        assert!(line.why.contains(if line.accepted { ">=" } else { "<" }), "{}", line.why);
        assert!(lines.iter().any(|e| e.key == line.parent), "the parent comes first");
    }
    assert_eq!(lines.last().unwrap().key, network.key, "the polish gained, so it is kept");
    assert!(count(Role::Candidate) > 8);
}

#[test]
fn a_search_killed_anywhere_resumes_to_the_same_result_and_repeats_nothing() {
    let undisturbed = tempfile::tempdir().unwrap();
    let expected = search(&Formula::three(), undisturbed.path(), None).unwrap();
    let expected_lines = journal::read(undisturbed.path().join("search.jsonl")).unwrap();
    let seed = rand::random();
    println!("seed {seed}");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let formula = Formula::three();
        let network = loop {
            let lives = rng.random_range(0..5);
            match search(&formula, folder.path(), Some(lives)) {
                Ok(network) => break network,
                Err(e) => assert_eq!(e.to_string(), "killed"),
            }
        };
        assert_eq!(network, expected);
        let made = formula.made.borrow();
        assert_eq!(made.iter().collect::<HashSet<_>>().len(), made.len(), "repeated: {made:?}");
        let lines = journal::read(folder.path().join("search.jsonl")).unwrap();
        let keys = |lines: &[journal::Entry]| lines.iter().map(|e| e.key.clone()).collect::<Vec<_>>();
        assert_eq!(keys(&lines), keys(&expected_lines));
    }
}

#[test]
fn a_torn_last_line_costs_only_its_own_candidate() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("search.jsonl");
    let expected = search(&Formula::three(), folder.path(), None).unwrap();
    let whole = fs::read(&path).unwrap();
    let ends: Vec<usize> = (0..whole.len()).filter(|&i| whole[i] == b'\n').collect();
    let seed = rand::random();
    println!("seed {seed}");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..30 {
        let cut = rng.random_range(0..whole.len());
        fs::write(&path, &whole[..cut]).unwrap();
        let finished = ends.iter().filter(|&&end| end < cut).count();
        assert_eq!(journal::read(&path).unwrap().len(), finished);
        let formula = Formula::three();
        assert_eq!(search(&formula, folder.path(), None).unwrap(), expected);
        assert_eq!(formula.made.borrow().len(), ends.len() - finished, "cut at byte {cut}");
        assert_eq!(journal::read(&path).unwrap().len(), ends.len());
    }
}

#[test]
fn a_line_that_is_not_the_journals_is_a_wrong_input_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("search.jsonl");
    search(&Formula::three(), folder.path(), None).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines[2] = "{\"key\": 3}";
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    for error in [journal::read(&path).unwrap_err(), Journal::open(&path).unwrap_err()] {
        let wrong = error.downcast_ref::<InputError>().expect("an InputError");
        assert_eq!(wrong.place, "line 3");
        assert_eq!(wrong.file.as_deref(), Some(path.as_path()));
    }
}

#[test]
fn a_folder_that_cannot_hold_a_journal_is_a_wrong_input() {
    let folder = tempfile::tempdir().unwrap();
    let error = Journal::open(folder.path()).unwrap_err();
    assert!(error.is::<InputError>(), "{error}");
    let error = journal::read(folder.path().join("missing.jsonl")).unwrap_err();
    assert!(error.is::<InputError>(), "{error}");
}

#[test]
fn a_key_is_written_once() {
    let folder = tempfile::tempdir().unwrap();
    search(&Formula::three(), folder.path(), None).unwrap();
    let mut journal = Journal::open(folder.path().join("search.jsonl")).unwrap();
    let again = journal.entries()[1].clone();
    assert!(journal.append(again).unwrap_err().to_string().contains("already"));
}

#[test]
fn an_allowance_lets_the_search_go_deeper_and_the_final_network_still_meets_the_target() {
    let search = |allowance| {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = Recorded::open(Formula::three(), folder.path()).unwrap();
        let mut plan = plan(&["iq", "ns", "dc"], 0.01, Margin::Steps(1), Schedule::Linear);
        plan.allowance = allowance;
        let result = margin::search(&mut bench, &plan).unwrap();
        let network = bench.finish(&result).unwrap();
        let polished = bench.journal().entries().iter().filter(|e| e.role == Role::Polish).count();
        assert!(network.accuracy >= result.target, "allowance {allowance}");
        (network, result, polished)
    };
    // A polish wins 0.001 in the formula.
    let (strict, _, polished) = search(0.0);
    assert_eq!(polished, 1);
    let (trusting, result, polished) = search(0.02);
    assert!(result.network().accuracy < result.target - 0.001, "deeper than a polish can win back");
    assert!(polished > 1, "so the search has to step back");
    assert!(trusting.stored_bits <= strict.stored_bits);
}

#[test]
fn keys_tell_the_borders_of_their_parts() {
    assert_ne!(key_of(&["ab", "c"]), key_of(&["a", "bc"]));
    assert_eq!(key_of(&["ab", "c"]), key_of(&["ab", "c"]));
    assert_eq!(key_of(&[]), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

#[test]
fn a_search_that_ends_with_iq_ends_with_integers_where_no_visited_rung_can_be_polished_up_to_the_target() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Recorded::open(Formula::three(), folder.path()).unwrap();
    let mut plan = plan(&["ns", "dc", "iq"], 0.01, Margin::Steps(0), Schedule::Bisect);
    plan.allowance = 0.02; // much more than the 0.001 of a polish
    let search = margin::search(&mut bench, &plan).unwrap();
    let visited = search.stages[2].passing.iter().map(|(rung, _)| *rung).min();
    assert!(visited > Some(0), "rung 0 was not needed: {visited:?}");
    let network = bench.finish(&search).unwrap();
    let state: State = serde_json::from_slice(&fs::read(bench.checkpoint(&network.key)).unwrap()).unwrap();
    assert!(state.rungs.contains_key("iq") && network.accuracy >= search.target, "{state:?}");
}
