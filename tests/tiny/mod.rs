//! A network small enough to reckon by hand: 4x4x1, conv 2, max pool, flatten, 3 classes.
#![allow(dead_code)]

use std::path::Path;

use slimgate::error::{InputError, InputErrors};
use slimgate::network::graph::{ActType, Conv, Dense, Flatten, InputSpec, MaxPool, Node, Op, Storage};
use slimgate::network::{Network, Params};

pub fn tiny() -> Network {
    let node = |name: &str, input: &str, op| Node { name: name.into(), inputs: vec![input.into()], op };
    let conv = Op::Conv(Conv {
        out_channels: 2,
        kernel: [3, 3],
        stride: [1, 1],
        padding: [1, 1],
        weight_bits: 3,
        storage: Storage::Dense,
        out: Some(ActType::unsigned(4)),
    });
    let pool = Op::MaxPool(MaxPool { kernel: [2, 2], stride: [2, 2], padding: [0, 0] });
    let dense = Op::Dense(Dense { out_features: 3, weight_bits: 5, storage: Storage::Sparse, out: None });
    let conv_params = Params {
        weight: vec![0, 1, 0, 1, -3, 1, 0, 1, 0, 3, 3, 3, 0, 0, 0, -3, -3, -3],
        bias: vec![100, -7],
        multiplier: vec![40, 40],
        shift: vec![9, 10],
    };
    #[rustfmt::skip]
    let weight = vec![
        15, 0, 0, 0, 0, 0, 0, -1,
        0, 0, 2, 0, 0, 0, 0, 1,
        0, 0, 0, -15, 0, 0, 0, 1,
    ];
    let dense_params = Params { weight, bias: vec![0, 3, -4], ..Params::default() };
    Network {
        name: "tiny".into(),
        input: InputSpec { channels: 1, height: 4, width: 4 },
        classes: vec!["a".into(), "b".into(), "c".into()],
        nodes: vec![
            node("conv1", "input", conv),
            node("pool1", "conv1", pool),
            node("flat", "pool1", Op::Flatten(Flatten {})),
            node("fc", "flat", dense),
        ],
        params: [("conv1".to_string(), conv_params), ("fc".to_string(), dense_params)].into(),
    }
}

/// Every error, one a line, with the folder's path taken out.
pub fn text(error: &anyhow::Error, folder: &Path) -> String {
    let wrong_input = error.is::<InputError>() || error.is::<InputErrors>();
    assert!(wrong_input, "{error} is a wrong input");
    error.to_string().replace(&format!("{}/", folder.display()), "")
}
