//! The study on networks by formula: what searches cost, jobs in shares, killed and merged, and the tables.

mod search_common;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use search_common::{Formula, plan};
use slimgate::config::search::Objective;
use slimgate::run::record::Environment;
use slimgate::search::bench::Bench;
use slimgate::search::climb::Schedule;
use slimgate::search::grid::GridPlan;
use slimgate::search::journal::{self, Entry, Role};
use slimgate::search::margin::{Margin, Target, WarmStart};
use slimgate::search::recorded::Recorded;
use slimgate::study::jobs::{Job, levels, ready};
use slimgate::study::record::{Found, GridFound, Search, Spread, Study};
use slimgate::study::{Task, plots, search, text};

const ORDERS: [[&str; 3]; 3] = [["iq", "ns", "dc"], ["iq", "dc", "ns"], ["ns", "iq", "dc"]];

/// Three orders and a grid of 2 x 3 x 4, all from the network that entered the stage.
fn task() -> Task {
    let orders = ORDERS.map(|order| {
        let mut plan = plan(&order, 0.01, Margin::Steps(1), Schedule::Gallop);
        plan.warm_start = WarmStart::Stage;
        plan
    });
    let axes = vec![("iq".into(), vec![3, 4]), ("ns".into(), vec![0, 2, 4]), ("dc".into(), vec![0, 5, 7, 9])];
    let grid = GridPlan { axes, target: Target::Drop(0.01), allowance: 0.0 };
    Task { seed: 1, orders: orders.into(), grid: Some(grid), polish: true }
}

/// Every search of the task, alone in the folder: found figures by name. `seconds` of the baseline's training: 100.
fn whole(formula: &Formula, task: &Task, run: &Path) -> anyhow::Result<BTreeMap<String, (Found, Vec<Entry>)>> {
    let mut bench = Recorded::open(formula.clone(), run)?;
    let mut all = BTreeMap::new();
    for plan in &task.orders {
        let searched = search::order(&mut bench, plan, task.polish)?;
        all.insert(plan.order.join(","), (Found::of(&searched, 100.0, 0.9), searched.used));
    }
    let (searched, cloud) = search::grid(&mut bench, task.grid.as_ref().unwrap(), task.polish)?;
    assert_eq!(cloud.len(), 2 * 3 * 4);
    all.insert("grid".into(), (Found::of(&searched, 100.0, 0.9), searched.used));
    Ok(all)
}

fn lines(run: &Path) -> Vec<Entry> {
    journal::read(run.join("search.jsonl")).unwrap()
}

fn job() -> Job {
    Job::baseline("formula", 1)
}

#[test]
fn a_search_costs_what_it_used_whoever_made_it() {
    let (forth, back) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (mut task, formula) = (task(), Formula::three());
    let a = whole(&formula, &task, forth.path()).unwrap();
    task.orders.reverse();
    let b = whole(&formula, &task, back.path()).unwrap();
    let journal = lines(forth.path());
    let mut sum = 0;
    for (name, (found, used)) in &a {
        let keys = |used: &[Entry]| used.iter().map(|e| e.key.clone()).collect::<HashSet<_>>();
        assert_eq!(keys(used), keys(&b[name].1), "{name}: the order of the searches does not matter");
        let seconds: f64 = journal.iter().filter(|e| keys(used).contains(&e.key)).map(|e| e.seconds).sum();
        assert!((found.seconds - 100.0 - seconds).abs() < 1e-9, "{name}: baseline training and every line used");
        let of = |role| used.iter().filter(|e| e.role == role).count();
        assert_eq!((of(Role::Baseline), found.trainings), (1, used.len()), "{name}");
        assert_eq!(found.candidates, of(Role::Candidate));
        sum += used.len();
    }
    assert!(sum > journal.len(), "some networks served several searches: {sum} uses of {}", journal.len());
    // The grid: 2 + 2 x 3 + 2 x 3 x 4 candidates, a preparation for each rung of iq, one polish, the baseline.
    let grid = &a["grid"].0;
    assert_eq!((grid.candidates, grid.trainings), (2 + 6 + 24, 2 + 6 + 24 + 2 + 1 + 1));
    assert!(a["iq,ns,dc"].0.candidates < grid.candidates);
}

#[test]
fn the_grid_ends_with_its_smallest_polished_network_that_meets_the_target() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Recorded::open(Formula::three(), folder.path()).unwrap();
    let mut plan = task().grid.unwrap();
    let strict = search::grid(&mut bench, &plan, true).unwrap().0;
    assert!(strict.outcome.met);
    assert_eq!(strict.network().unwrap().role, Role::Polish);
    plan.allowance = 0.0009; // a polish wins 0.001
    let trusting = search::grid(&mut bench, &plan, true).unwrap().0;
    assert!(trusting.outcome.met && trusting.outcome.network.stored_bits <= strict.outcome.network.stored_bits);
    plan.target = Target::Accuracy(0.99);
    let missed = search::grid(&mut bench, &plan, true).unwrap().0;
    assert!(!missed.outcome.met, "nothing meets it: the most accurate, and the record says so");
}

/// One level after another, in `of` shares; each share dies after `lives` networks and is started again.
fn in_shares(formula: &Formula, task: &Task, run: &Path, of: u64, lives: Option<usize>) {
    for level in 0.. {
        let mut left = false;
        for index in 0..of {
            loop {
                let mut mortal = formula.clone();
                mortal.lives = lives;
                let mut bench = Recorded::shared(mortal, run).unwrap();
                let jobs = ready(&mut bench, task, &job()).unwrap();
                left |= !jobs.is_empty();
                let mine = jobs.iter().filter(|job| job.falls_to(index, of));
                let made = mine.map(|job| job.make(&mut bench, task)).collect::<anyhow::Result<Vec<_>>>();
                match made {
                    Ok(_) => break,
                    Err(error) => assert_eq!(error.to_string(), "killed"),
                }
            }
        }
        if !left {
            assert!(level <= levels(task), "{level} levels, {} told", levels(task));
            return;
        }
    }
}

#[test]
fn jobs_in_shares_killed_again_and_again_make_the_same_study_and_repeat_nothing() {
    let alone = tempfile::tempdir().unwrap();
    let task = task();
    let expected = whole(&Formula::three(), &task, alone.path()).unwrap();
    for (of, lives) in [(1, None), (3, None), (4, Some(2)), (2, Some(1))] {
        let folder = tempfile::tempdir().unwrap();
        let formula = Formula::three();
        in_shares(&formula, &task, folder.path(), of, lives);
        assert!(!folder.path().join("search.jsonl").exists(), "jobs never write the journal");
        let merged = whole(&formula, &task, folder.path()).unwrap();
        for (name, (found, _)) in &merged {
            let timeless = |found: &Found| Found { seconds: 0.0, ..found.clone() };
            assert_eq!(timeless(found), timeless(&expected[name].0), "{name}, {of} shares");
        }
        let made = formula.made.borrow();
        assert_eq!(made.iter().collect::<HashSet<_>>().len(), made.len(), "repeated: {made:?}");
        let lines = lines(folder.path());
        assert_eq!(made.len(), lines.len());
        for (i, line) in lines.iter().enumerate().skip(1) {
            assert!(lines[..i].iter().any(|e| e.key == line.parent), "the parent comes first");
        }
        assert!(!folder.path().join("jobs").exists(), "merged");
        // The grid's polish is the only network that is no job.
        let mut bench = Recorded::open(formula.clone(), folder.path()).unwrap();
        assert!(ready(&mut bench, &task, &job()).unwrap().is_empty());
    }
}

#[test]
fn jobs_wait_for_their_parents_and_are_known_by_their_keys() {
    let folder = tempfile::tempdir().unwrap();
    let task = task();
    let mut bench = Recorded::shared(Formula::three(), folder.path()).unwrap();
    assert_eq!(ready(&mut bench, &task, &job()).unwrap(), [job()]);
    bench.baseline().unwrap();
    let first = ready(&mut bench, &task, &job()).unwrap();
    let what: Vec<&str> = first.iter().map(|job| job.what.as_str()).collect();
    let searches = ["iq,ns,dc", "iq,dc,ns", "ns,iq,dc"].map(|order| format!("seed 1: margin search {order}"));
    assert_eq!(what[..3], searches);
    assert_eq!(what[3..], ["seed 1: iq 3 of the grid", "seed 1: iq 4 of the grid"]);
    first[3].make(&mut bench, &task).unwrap();
    let second = ready(&mut bench, &task, &job()).unwrap();
    assert!(second.iter().any(|job| job.what == "seed 1: iq 3, ns preparation of the grid"), "{second:?}");
    assert!(!second.contains(&first[3]) && second.contains(&first[4]));
    let keys: HashSet<&String> = second.iter().map(|job| &job.key).collect();
    assert_eq!(keys.len(), second.len());
    for job in &second {
        assert_eq!((0..5).filter(|&index| job.falls_to(index, 5)).count(), 1, "each in one share");
    }
}

#[test]
fn two_that_want_the_same_network_make_it_once() {
    let folder = tempfile::tempdir().unwrap();
    let formula = Formula::three();
    let mut benches = [0, 1].map(|_| Recorded::shared(formula.clone(), folder.path()).unwrap());
    // Both opened before either made anything.
    let networks = [0, 1].map(|i: usize| search::order(&mut benches[i], &task().orders[0], true).unwrap().outcome);
    assert_eq!(networks[0], networks[1]);
    let made = formula.made.borrow();
    assert_eq!(made.iter().collect::<HashSet<_>>().len(), made.len(), "repeated: {made:?}");
}

fn study() -> Study {
    let mut searches = Vec::new();
    let mut grid = None;
    let folder = tempfile::tempdir().unwrap();
    let task = task();
    for (name, (mut found, _)) in whole(&Formula::three(), &task, folder.path()).unwrap() {
        let order = |name: &str| name.split(',').map(str::to_string).collect::<Vec<_>>();
        if name == "grid" {
            found.seconds = 3000.0;
            grid = Some(GridFound { seed: 1, order: order("iq,ns,dc"), combinations: 24, found });
            continue;
        }
        for seed in [1, 2] {
            let mut found = found.clone();
            found.seconds = 10.0 * seed as f64;
            found.stored_bits += 2000 * (seed - 1);
            found.cost = found.stored_bits as f64;
            found.met = seed == 1 || name != "iq,dc,ns";
            searches.push(Search { seed, order: order(&name), found, against_grid: None });
        }
    }
    Study::of("formula", (Target::Drop(0.01), Objective::StoredBits), searches, grid, Environment::here())
}

#[test]
fn orders_are_put_together_over_seeds_and_against_the_grid_of_their_seed() {
    let study = study();
    assert_eq!(study.orders.len(), 3);
    for order in &study.orders {
        assert_eq!((order.seconds.mean, order.seconds.min, order.seconds.max), (15.0, 10.0, 20.0));
        assert!((order.stored_bits.max - order.stored_bits.min - 2000.0).abs() < 1e-9);
    }
    assert_eq!(study.orders[2].order, ["iq", "dc", "ns"], "one that missed a target comes last");
    assert!(study.orders[0].stored_bits.mean <= study.orders[1].stored_bits.mean);
    for search in &study.searches {
        let against = search.against_grid;
        assert_eq!(against.is_some(), search.seed == 1, "only the grid's seed is compared");
        if let Some(against) = against {
            assert_eq!(against.seconds, 300.0);
            let best = study.grid.as_ref().unwrap().found.stored_bits;
            assert_eq!(against.stored_bits, search.found.stored_bits as f64 / best as f64);
            assert_eq!(against.cost, against.stored_bits, "stored bits are the objective");
        }
    }
    let again: Study = serde_json::from_str(&serde_json::to_string(&study).unwrap()).unwrap();
    assert_eq!(again, study);
}

#[test]
fn a_spread_is_mean_least_most_and_deviation_of_a_sample() {
    assert_eq!(Spread::of(&[1.0, 3.0]), Spread { mean: 2.0, min: 1.0, max: 3.0, sd: 2f64.sqrt() });
    assert_eq!(Spread::of(&[5.0]).sd, 0.0);
}

#[test]
fn the_tables_have_a_line_an_order_and_a_search_and_say_what_was_missed() {
    let text = text::markdown(&study());
    let rows = |title: &str| {
        let part = text.split(&format!("## {title}")).nth(1).unwrap_or_else(|| panic!("no {title} in {text}"));
        part.split("## ").next().unwrap().lines().filter(|line| line.starts_with('|')).count() - 2
    };
    assert_eq!((rows("Orders"), rows("Searches"), rows("Margin search against brute force")), (3, 7, 3));
    for part in ["15.0 (10.0 to 20.0)", "1 of 2", "(below the target)", "24 combinations", "| 300.0 |"] {
        assert!(text.contains(part), "no {part} in {text}");
    }
}

#[test]
fn every_line_of_a_table_has_the_columns_of_its_head() {
    for (objective, columns) in [(Objective::StoredBits, [8, 10, 5]), (Objective::Energy, [9, 10, 6])] {
        let text = text::markdown(&Study { objective, ..study() });
        let tables: Vec<Vec<usize>> = text
            .split("\n\n")
            .filter(|part| part.starts_with('|'))
            .map(|table| table.lines().map(|line| line.matches('|').count() - 1).collect())
            .collect();
        assert_eq!(tables.len(), 3);
        for (table, columns) in tables.iter().zip(columns) {
            assert!(table.iter().all(|&n| n == columns), "{columns} columns: {text}");
        }
    }
}

#[test]
fn the_pictures_have_every_order_and_every_combination_near_the_target() {
    let study = study();
    let orders = plots::orders(&study).unwrap();
    for order in ORDERS {
        assert!(orders.contains(&order.join(", ")), "no {order:?} in {orders}");
    }
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Recorded::open(Formula::three(), folder.path()).unwrap();
    let cloud = search::grid(&mut bench, task().grid.as_ref().unwrap(), true).unwrap().1;
    let margin = search::order(&mut bench, &task().orders[0], true).unwrap();
    let grid = plots::grid(&cloud, study.grid.as_ref().unwrap(), Some(&margin)).unwrap();
    // The combinations, a ring around the best, and the networks that left three stages and the polish.
    assert_eq!(grid.matches("<circle").count(), cloud.len() + 1 + 4);
}
