//! The sparse engine's plan refuses inputs that contradict themselves.

use slimgate::network::graph::ActType;
use slimgate::plan::sparse::{SparseFolding, SparseInput, plan};

#[test]
fn contradictions_are_refused() {
    let input = SparseInput {
        rows: 2,
        columns: vec![vec![(0, 1)], vec![(1, -3)]],
        weight_bits: 3,
        act: ActType::unsigned(4),
        acc_bits: 9,
        out: None,
        bias: vec![0, 0],
        multiplier: vec![],
        shift: vec![],
    };
    let fold = |banks, in_lanes| SparseFolding { banks, in_lanes };
    assert!(plan(&input, &fold(2, 1)).is_ok());
    assert!(plan(&input, &fold(0, 1)).is_err());
    assert!(plan(&input, &fold(3, 1)).unwrap_err().to_string().contains("3 banks for 2 rows"));
    for bad in [vec![(2, 1)], vec![(0, 0)], vec![(0, 4)], vec![(0, 1), (0, 1)]] {
        let columns = vec![bad];
        assert!(
            plan(&SparseInput { columns, ..input.clone() }, &fold(1, 1)).unwrap_err().to_string().contains("column 0")
        );
    }
    assert!(plan(&SparseInput { out: Some(ActType::unsigned(4)), ..input.clone() }, &fold(1, 1)).is_err());
    assert!(plan(&SparseInput { bias: vec![0], ..input }, &fold(1, 1)).is_err());
}
