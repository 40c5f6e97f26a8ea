//! Trades between stages, on networks by formula.

mod search_common;

use search_common::{Curve, Formula, InMemory, State, plan};
use slimgate::search::bench::SearchResult;
use slimgate::search::climb::Schedule;
use slimgate::search::margin::{self, Margin};

const ORDERS: [[&str; 3]; 3] = [["iq", "ns", "dc"], ["ns", "dc", "iq"], ["dc", "iq", "ns"]];

fn run(formula: &Formula, plan: &margin::Plan) -> SearchResult {
    margin::search(&mut InMemory::new(formula.clone()), plan).unwrap()
}

fn state(stages: &[(&str, Option<usize>)]) -> State {
    let kept = stages.iter().filter_map(|(stage, rung)| Some((stage.to_string(), (*rung)?)));
    State { rungs: kept.collect(), ..State::default() }
}

/// The size where stage `at` of the path goes a rung back and the last one as deep as it then can; `None` where it cannot.
fn traded(formula: &Formula, result: &SearchResult, at: usize) -> Option<u64> {
    let mut path: Vec<(&str, Option<usize>)> = result.stages.iter().map(|s| (s.stage.as_str(), s.kept)).collect();
    let back = path[at].1?;
    if back == 0 && formula.mandatory.iter().any(|stage| stage == path[at].0) {
        return None;
    }
    path[at].1 = back.checked_sub(1);
    let (last, before) = path.split_last()?;
    let deeper = last.1.map_or(0, |rung| rung + 1)..formula.curves[last.0].loss.len();
    let states = deeper.map(|rung| state(&[before, &[(last.0, Some(rung))]].concat()));
    states.take_while(|state| formula.accuracy(state) >= result.target).last().map(|state| formula.size(&state))
}

#[test]
fn a_search_ends_where_no_stage_has_a_trade_to_offer() {
    let formula = Formula::three();
    let mut smaller = 0;
    for order in ORDERS {
        for margin in [Margin::Steps(0), Margin::Steps(1), Margin::Steps(2), Margin::Accuracy(0.002)] {
            for drop in [0.0, 0.003, 0.01, 0.02, 0.05] {
                let without = plan(&order, drop, margin, Schedule::Gallop);
                let (before, after) =
                    (run(&formula, &without), run(&formula, &margin::Plan { trade: true, ..without }));
                let (end, bits) = (after.network(), before.network().stored_bits);
                if before.network().accuracy < after.target {
                    continue;
                }
                let what = format!("{order:?}, {margin:?}, {drop}");
                assert!(end.accuracy >= after.target && end.stored_bits <= bits, "{what}: {} bits", end.stored_bits);
                let kept: Vec<_> = after.stages.iter().map(|s| (s.stage.as_str(), s.kept)).collect();
                assert_eq!(end.stored_bits, formula.size(&state(&kept)), "the stages say what the network is");
                for at in 0..2 {
                    let offer = traded(&formula, &after, at);
                    assert!(offer.is_none_or(|offer| offer >= end.stored_bits), "{what}: {offer:?}");
                }
                let passing = &after.stages[2].passing;
                let fallback = passing.iter().any(|(_, milder)| milder.key == before.network().key);
                assert!(
                    before.stages[2].kept.is_none() || fallback,
                    "{what}: what was there before is not polished next"
                );
                assert!(passing.is_sorted_by_key(|(rung, _)| *rung), "{what}");
                smaller += usize::from(end.stored_bits < bits);
            }
        }
    }
    assert!(smaller > 10, "only {smaller} of 60 searches gained");
}

#[test]
fn a_stage_at_its_first_rung_may_be_left_out_and_a_mandatory_one_may_not() {
    let curve = |loss: &[f64], left: &[f64]| Curve { loss: loss.to_vec(), left: left.to_vec() };
    let mut formula = Formula::three();
    formula.curves.insert("ns".into(), curve(&[0.009], &[0.99]));
    formula.curves.insert("dc".into(), curve(&[0.001, 0.0095], &[0.5, 0.1]));
    let trade = |formula: &Formula| {
        let plan = plan(&["ns", "dc"], 0.01, Margin::Steps(0), Schedule::Linear);
        run(formula, &margin::Plan { trade: true, ..plan })
    };
    let result = trade(&formula);
    assert_eq!((result.stages[0].kept, result.stages[1].kept), (None, Some(1)));
    assert!(result.stages[0].why.ends_with("a rung back for dc"), "{}", result.stages[0].why);
    formula.mandatory.push("ns".into());
    let result = trade(&formula);
    assert_eq!((result.stages[0].kept, result.stages[1].kept), (Some(0), Some(0)));
}
