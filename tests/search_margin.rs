//! The margin search and the grid on networks by formula.

mod search_common;

use search_common::{Curve, Formula, InMemory, State, plan};
use slimgate::search::bench::{Measured, SearchResult};
use slimgate::search::climb::{Schedule, deepest};
use slimgate::search::grid::{self, GridPlan};
use slimgate::search::margin::{self, Margin, Target, WarmStart};

const ORDERS: [[&str; 3]; 6] = [
    ["iq", "ns", "dc"],
    ["iq", "dc", "ns"],
    ["ns", "iq", "dc"],
    ["ns", "dc", "iq"],
    ["dc", "iq", "ns"],
    ["dc", "ns", "iq"],
];

fn run(formula: &Formula, plan: &margin::Plan) -> (SearchResult, usize) {
    let mut bench = InMemory::new(formula.clone());
    let mut result = margin::search(&mut bench, plan).unwrap();
    // Which rungs were measured on the way is the schedule's own affair.
    result.stages.iter_mut().for_each(|s| s.passing.clear());
    (result, bench.trials.len())
}

/// The deepest rung by definition: walk until one fails.
fn by_definition(pass: &[bool]) -> Option<usize> {
    pass.iter().position(|&p| !p).unwrap_or(pass.len()).checked_sub(1)
}

#[test]
fn galloping_and_bisection_find_the_linear_rung_on_every_monotone_ladder() {
    for rungs in 0..70 {
        for failing_from in 0..=rungs {
            let pass: Vec<bool> = (0..rungs).map(|r| r < failing_from).collect();
            for schedule in [Schedule::Linear, Schedule::Gallop, Schedule::Bisect] {
                let mut asked = vec![0; rungs];
                let found = deepest(schedule, rungs, |r| {
                    asked[r] += 1;
                    Ok(pass[r])
                });
                assert_eq!(found.unwrap(), by_definition(&pass), "{schedule:?} on {rungs} rungs, {failing_from} pass");
                assert!(asked.iter().all(|&n| n <= 1), "{schedule:?} asked twice: {asked:?}");
                if schedule == Schedule::Gallop && failing_from > 12 {
                    let bound = 2 * (usize::BITS - failing_from.leading_zeros()) as usize + 1;
                    assert!(asked.iter().sum::<usize>() <= bound, "{rungs} rungs, {failing_from} pass: {asked:?}");
                }
                if schedule == Schedule::Bisect {
                    let bound = (usize::BITS - rungs.leading_zeros()) as usize;
                    assert!(asked.iter().sum::<usize>() <= bound, "{rungs} rungs, {failing_from} pass: {asked:?}");
                }
            }
        }
    }
}

#[test]
fn linear_stops_at_the_first_failure_even_where_a_deeper_rung_would_pass() {
    let pass = [true, true, false, true, true];
    let mut asked = 0;
    let found = deepest(Schedule::Linear, 5, |r| {
        asked += 1;
        Ok(pass[r])
    });
    assert_eq!((found.unwrap(), asked), (Some(1), 3));
}

#[test]
fn an_error_of_a_candidate_ends_the_climb() {
    let found = deepest(Schedule::Gallop, 5, |r| if r == 1 { anyhow::bail!("out of memory") } else { Ok(true) });
    assert_eq!(found.unwrap_err().to_string(), "out of memory");
}

#[test]
fn schedules_agree_on_every_order_margin_and_target() {
    let formula = Formula::three();
    let margins =
        [Margin::Steps(0), Margin::Steps(1), Margin::Steps(3), Margin::Accuracy(0.002), Margin::Accuracy(0.5)];
    let (mut linear_trials, mut gallop_trials) = (0, 0);
    for order in ORDERS {
        for margin in margins {
            for drop in [0.0, 0.001, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1] {
                let (linear, n) = run(&formula, &plan(&order, drop, margin, Schedule::Linear));
                let (gallop, m) = run(&formula, &plan(&order, drop, margin, Schedule::Gallop));
                assert_eq!(linear, gallop, "{order:?} {margin:?} {drop}");
                let (bisect, _) = run(&formula, &plan(&order, drop, margin, Schedule::Bisect));
                assert_eq!(linear, bisect, "{order:?} {margin:?} {drop}");
                linear_trials += n;
                gallop_trials += m;
            }
        }
    }
    assert!(gallop_trials < linear_trials, "galloping took {gallop_trials} candidates, linear {linear_trials}");
}

#[test]
fn the_result_is_what_the_method_says() {
    let formula = Formula::three();
    let drop = 0.01;
    for order in ORDERS {
        let (result, _) = run(&formula, &plan(&order, drop, Margin::Steps(1), Schedule::Gallop));
        let mut state = State::default();
        for (i, stage) in order.iter().enumerate() {
            let curve = &formula.curves[*stage];
            let pass: Vec<bool> = (0..curve.loss.len())
                .map(|rung| {
                    let mut next = state.clone();
                    next.rungs.insert(stage.to_string(), rung);
                    formula.accuracy(&next) >= result.target
                })
                .collect();
            let deepest = by_definition(&pass);
            let back = if i == 2 { 0 } else { 1 };
            let mut kept = deepest.and_then(|d| d.checked_sub(back));
            if kept.is_none() && *stage == "iq" {
                kept = Some(0);
            }
            let done = &result.stages[i];
            assert_eq!((done.deepest, done.kept), (deepest, kept), "{order:?}, stage {stage}");
            if let Some(rung) = kept {
                state.rungs.insert(stage.to_string(), rung);
            }
        }
        assert_eq!(result.network().accuracy, formula.accuracy(&state));
        assert_eq!(result.network().stored_bits, formula.size(&state));
        assert!(result.network().accuracy >= result.target);
    }
}

#[test]
fn the_last_stage_keeps_its_deepest_rung_whatever_its_margin() {
    let formula = Formula::three();
    for order in ORDERS {
        let (result, _) = run(&formula, &plan(&order, 0.02, Margin::Steps(2), Schedule::Gallop));
        for done in &result.stages[..2] {
            assert_eq!(done.kept, done.deepest.and_then(|d| d.checked_sub(2)), "{order:?} {}", done.stage);
        }
        assert_eq!(result.stages[2].kept, result.stages[2].deepest);
    }
}

#[test]
fn an_accuracy_margin_keeps_the_deepest_rung_with_that_room() {
    let formula = Formula::three();
    let (result, _) = run(&formula, &plan(&["iq", "ns", "dc"], 0.01, Margin::Accuracy(0.006), Schedule::Gallop));
    let iq = &result.stages[0];
    let loss = &formula.curves["iq"].loss;
    assert_eq!(iq.deepest, loss.iter().rposition(|&l| l <= 0.01));
    assert_eq!(iq.kept, loss.iter().rposition(|&l| l <= 0.004));
    assert!(iq.kept < iq.deepest);
}

#[test]
fn a_margin_leaves_the_next_stage_room() {
    let formula = Formula::three();
    let without = run(&formula, &plan(&["iq", "ns", "dc"], 0.01, Margin::Steps(0), Schedule::Gallop)).0;
    let with = run(&formula, &plan(&["iq", "ns", "dc"], 0.01, Margin::Steps(1), Schedule::Gallop)).0;
    assert!(with.network().stored_bits < without.network().stored_bits);
}

#[test]
fn an_automatic_margin_is_the_best_that_was_followed_to_the_end() {
    let formula = Formula::three();
    for order in ORDERS {
        for drop in [0.001, 0.005, 0.01, 0.02] {
            let bits = |margin| run(&formula, &plan(&order, drop, margin, Schedule::Gallop)).0.network().stored_bits;
            let (result, trials) = run(&formula, &plan(&order, drop, Margin::Auto, Schedule::Gallop));
            let (auto, fixed) = (result.network().stored_bits, (0..=1).map(|n| bits(Margin::Steps(n))).min().unwrap());
            assert!(auto <= fixed, "{order:?}, drop {drop}: {auto} bits, a fixed margin {fixed}");
            assert!(result.network().accuracy >= result.target || result.stages.iter().all(|s| s.deepest.is_none()));
            assert!(trials < 200, "{trials} candidates");
        }
    }
    let (result, _) = run(&formula, &plan(&ORDERS[0], 0.01, Margin::Auto, Schedule::Gallop));
    let iq = &result.stages[0];
    assert!(iq.kept < iq.deepest, "here some room for the stages behind pays");
    assert!(iq.why.contains("automatic margin; steps back and what they end in: 0: "), "{}", iq.why);
}

#[test]
fn an_automatic_margin_may_leave_a_stage_out() {
    let mut formula = Formula::three();
    let curve = |loss: &[f64], left: &[f64]| Curve { loss: loss.to_vec(), left: left.to_vec() };
    formula.curves.insert("ns".into(), curve(&[0.009], &[0.99]));
    formula.curves.insert("dc".into(), curve(&[0.005, 0.0095], &[0.5, 0.1]));
    let (result, _) = run(&formula, &plan(&["ns", "dc"], 0.01, Margin::Auto, Schedule::Linear));
    assert_eq!((result.stages[0].kept, result.stages[1].kept), (None, Some(1)), "{}", result.stages[0].why);
}

#[test]
fn of_equal_costs_fewer_bits_win_and_a_missed_target_loses() {
    let network = |accuracy, cost, stored_bits| Measured { key: String::new(), accuracy, stored_bits, cost };
    let best = network(0.9, 784.0, 10);
    for worse in [network(0.95, 784.0, 11), network(0.9, 785.0, 5), network(0.85, 1.0, 1)] {
        assert!(best.rank(&worse, 0.88).is_lt() && worse.rank(&best, 0.88).is_gt(), "{worse:?}");
    }
    assert!(network(0.5, 9.0, 9).rank(&network(0.4, 1.0, 1), 0.88).is_lt(), "neither meets it: the more accurate");
}

#[test]
fn a_mandatory_stage_takes_its_mildest_rung_where_none_passes() {
    let mut formula = Formula::three();
    formula.curves.insert("iq".into(), Curve { loss: vec![0.2, 0.3], left: vec![0.5, 0.4] });
    let (result, _) = run(&formula, &plan(&["iq", "ns", "dc"], 0.01, Margin::Steps(0), Schedule::Gallop));
    assert_eq!((result.stages[0].deepest, result.stages[0].kept), (None, Some(0)));
    assert_eq!((result.stages[1].kept, result.stages[2].kept), (None, None));
    assert!(result.network().accuracy < result.target);
    assert!(result.stages[0].why.contains("must be taken"), "{}", result.stages[0].why);
}

#[test]
fn warm_starts_come_from_the_deepest_milder_passing_candidate() {
    // Accuracy depends on the path here: only a warm start reaches rung 2 from rung 1.
    struct PathBench(InMemory, Vec<(usize, String)>);
    use slimgate::search::bench::{Bench, Measured, Trial};
    impl Bench for PathBench {
        fn baseline(&mut self) -> anyhow::Result<Measured> {
            self.0.baseline()
        }
        fn rungs(&self, stage: &str) -> usize {
            self.0.rungs(stage)
        }
        fn mandatory(&self, stage: &str) -> bool {
            self.0.mandatory(stage)
        }
        fn prepare(&mut self, stage: &str, start: &str) -> anyhow::Result<String> {
            self.0.prepare(stage, start)
        }
        fn measure(&mut self, trial: &Trial) -> anyhow::Result<Measured> {
            self.1.push((trial.rung, trial.from.to_string()));
            self.0.measure(trial)
        }
    }
    let formula = Formula::three();
    for (warm_start, from_stage) in [(WarmStart::Stage, true), (WarmStart::Previous, false)] {
        let mut bench = PathBench(InMemory::new(formula.clone()), Vec::new());
        let mut plan = plan(&["dc"], 0.01, Margin::Steps(0), Schedule::Linear);
        plan.warm_start = warm_start;
        margin::search(&mut bench, &plan).unwrap();
        let start = bench.1[0].1.clone();
        for (rung, from) in &bench.1[1..] {
            let state: State = serde_json::from_str(from).unwrap();
            let expected = if from_stage { None } else { Some(rung - 1) };
            assert_eq!(state.rungs.get("dc").copied(), expected);
            assert_eq!(*from == start, from_stage);
        }
    }
}

#[test]
fn brute_force_finds_the_smallest_combination_that_meets_the_target() {
    let formula = Formula::three();
    let axes: Vec<(String, Vec<usize>)> =
        ["iq", "ns", "dc"].iter().map(|s| (s.to_string(), (0..formula.curves[*s].loss.len()).collect())).collect();
    let plan = GridPlan { axes, target: Target::Drop(0.01), allowance: 0.0 };
    let mut bench = InMemory::new(formula.clone());
    let result = grid::all(&mut bench, &plan).unwrap().best_first().remove(0);
    let mut best = u64::MAX;
    for iq in 0..7 {
        for ns in 0..8 {
            for dc in 0..12 {
                let rungs = [("iq".to_string(), iq), ("ns".to_string(), ns), ("dc".to_string(), dc)].into();
                let state = State { rungs, polished: 0 };
                if formula.accuracy(&state) >= result.target {
                    best = best.min(formula.size(&state));
                }
            }
        }
    }
    assert_eq!(result.network().stored_bits, best);
    assert_eq!(bench.trials.len(), 7 + 7 * 8 + 7 * 8 * 12, "common prefixes are trained once");
    let (margin, trials) =
        run(&formula, &search_common::plan(&["iq", "ns", "dc"], 0.01, Margin::Steps(1), Schedule::Gallop));
    assert!(margin.network().stored_bits >= best);
    assert!(trials * 20 < bench.trials.len(), "the margin search took {trials} candidates");
}

#[test]
fn brute_force_without_a_passing_combination_gives_the_most_accurate() {
    let formula = Formula::three();
    let plan = GridPlan { axes: vec![("dc".into(), vec![5, 9, 11])], target: Target::Accuracy(0.99), allowance: 0.0 };
    let result = grid::all(&mut InMemory::new(formula), &plan).unwrap().best_first().remove(0);
    assert_eq!(result.stages[0].kept, Some(5));
    assert!(result.network().accuracy < result.target);
}
