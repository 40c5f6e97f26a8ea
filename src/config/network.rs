//! Section `[network]`: a named family or a list of layers, resolved into [`LayerSpec`]s with checked shapes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::entry::LayerEntry;

use super::families::{Family, Scale};
use super::layers::{LayerOp, LayerSpec, infer_shapes, show};
use crate::error::{InputError, InputErrors};
use crate::network::graph::{INPUT, Shape};

/// Most channels that a layer of a dense block adds.
const MAX_GROWTH: usize = 1024;

/// The network before compression. Give `family` (and its `width` and `growth`) or `layers`; neither means
/// `family = "small"`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkConfig {
    /// A named network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<Family>,
    /// Scales the family's channels and hidden features; 1 where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<f64>,
    /// Channels that each layer of a dense block adds (DenseNet only); 12 where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub growth: Option<usize>,
    /// An explicit network, input side first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<LayerEntry>,
}

impl NetworkConfig {
    /// The checked layers for images of shape `input` and `classes` classes. The last one gives one score a class.
    ///
    /// # Errors
    /// Everything wrong with the keys, or else the first layer whose shape does not fit. Places are key paths
    /// (`network.layers[2].kernel`) or `layer NAME`.
    pub fn resolve(&self, input: Shape, classes: usize) -> Result<Vec<LayerSpec>, InputErrors> {
        let mut faults = self.check();
        let entries = match self.family {
            None if !self.layers.is_empty() => self.layers.clone(),
            family => family.unwrap_or(Family::Small).layers(self.scale(), input, classes),
        };
        let mut layers = specs(&entries, classes, &mut faults);
        InputErrors(faults).into_result()?;
        infer_shapes(input, &mut layers).map_err(|e| InputErrors(vec![e]))?;
        check_end(&layers, classes).map_err(|e| InputErrors(vec![e]))?;
        Ok(layers)
    }

    fn scale(&self) -> Scale {
        let usual = Scale::default();
        Scale { width: self.width.unwrap_or(usual.width), growth: self.growth.unwrap_or(usual.growth) }
    }

    /// What can be checked without the images.
    pub fn check(&self) -> Vec<InputError> {
        let mut faults = Vec::new();
        if self.family.is_some() && !self.layers.is_empty() {
            faults.push(InputError::new("network", "both `family` and `layers`", "one of the two"));
        }
        if let Some(width) = self.width {
            if !self.layers.is_empty() {
                faults.push(InputError::new("network.width", "a width beside `layers`", "`width` with `family` only"));
            } else if !(width > 0.0 && width <= 16.0) {
                faults.push(InputError::new("network.width", width.to_string(), "a factor above 0, at most 16"));
            }
        }
        if let Some(growth) = self.growth {
            if !self.family.is_some_and(Family::grows) {
                let expected = "`growth` with `family = \"densenet40\"` only";
                faults.push(InputError::new("network.growth", "a growth rate without a DenseNet", expected));
            } else if !(1..=MAX_GROWTH).contains(&growth) {
                faults.push(InputError::new("network.growth", growth.to_string(), format!("1 to {MAX_GROWTH}")));
            }
        }
        for (i, entry) in self.layers.iter().enumerate() {
            entry.check(i + 1 == self.layers.len(), &format!("network.layers[{i}]"), &mut faults);
        }
        faults
    }
}

/// Gives every entry its name, inputs and operation.
fn specs(entries: &[LayerEntry], classes: usize, faults: &mut Vec<InputError>) -> Vec<LayerSpec> {
    let mut counts = BTreeMap::new();
    let mut names = BTreeSet::from([INPUT.to_string()]);
    let mut previous = INPUT.to_string();
    let mut layers = Vec::new();
    for (i, entry) in entries.iter().enumerate() {
        let prefix = entry.op.prefix();
        let count = counts.entry(prefix).or_insert(0);
        *count += 1;
        let name = entry.name.clone().unwrap_or_else(|| format!("{prefix}{count}"));
        let place = format!("network.layers[{i}].name");
        if !is_name(&name) {
            faults.push(InputError::new(&place, format!("`{name}`"), "lower-case letters, digits, _; a letter first"));
        }
        if !names.insert(name.clone()) {
            faults.push(InputError::new(&place, format!("`{name}` a second time"), "a name of its own"));
        }
        layers.push(LayerSpec {
            inputs: entry.inputs.clone().unwrap_or_else(|| vec![previous.clone()]),
            op: entry.layer_op(classes),
            batch_norm: entry.batch_norm.unwrap_or(false),
            relu: entry.relu.unwrap_or(false),
            shape: Shape { c: 0, h: 0, w: 0 },
            name: name.clone(),
        });
        previous = name;
    }
    layers
}

/// Whether `name` may name a layer, a run or a Verilog module: `[a-z][a-z0-9_]*`.
pub fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// The end of the network: one raw score a class, and no layer whose result nobody reads.
fn check_end(layers: &[LayerSpec], classes: usize) -> Result<(), InputError> {
    let Some(last) = layers.last() else {
        return Err(InputError::new("network.layers", "no layer", "at least one"));
    };
    let place = format!("layer {}", last.name);
    let wrong = |found: String, expected: String| Err(InputError::new(&place, found, expected));
    if !matches!(last.op, LayerOp::Conv { .. } | LayerOp::Dense { .. }) {
        return wrong(
            format!("`{}` as the last layer", last.op.name()),
            "`dense` or `conv`, which gives the scores".into(),
        );
    }
    if last.relu || last.batch_norm {
        return wrong(
            "ReLU or BatchNorm on the last layer".into(),
            "raw scores (`relu` and `batch_norm` false)".into(),
        );
    }
    if last.shape != (Shape { c: classes, h: 1, w: 1 }) {
        return wrong(format!("an output of {}", show(last.shape)), format!("{classes}x1x1: one score a class"));
    }
    let read: BTreeSet<&str> = layers.iter().flat_map(|l| l.inputs.iter().map(String::as_str)).collect();
    match layers[..layers.len() - 1].iter().find(|l| !read.contains(l.name.as_str())) {
        Some(l) => Err(InputError::new(
            format!("layer {}", l.name),
            "an output that no layer reads",
            "a reader, or no such layer",
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GREY28: Shape = Shape { c: 1, h: 28, w: 28 };

    fn parse(text: &str) -> NetworkConfig {
        toml::from_str(text).unwrap()
    }

    fn fault(text: &str) -> String {
        parse(text).resolve(GREY28, 10).unwrap_err().to_string()
    }

    #[test]
    fn residual_and_concat_resolve() {
        let text = "layers = [
          { op = 'conv', out = 8, kernel = 3, padding = 1, batch_norm = true, relu = true },
          { op = 'conv', name = 'a', out = 8, kernel = [3, 3], padding = 1, batch_norm = true },
          { op = 'add', inputs = ['conv1', 'a'], relu = true },
          { op = 'concat', inputs = ['add1', 'conv1', 'a'] },
          { op = 'batch_norm', relu = true },
          { op = 'avg_pool', kernel = 28 },
          { op = 'flatten' },
          { op = 'dense' }]";
        let layers = parse(text).resolve(GREY28, 10).unwrap();
        assert_eq!(layers[3].shape, Shape { c: 24, h: 28, w: 28 });
        assert_eq!(layers[7].op, LayerOp::Dense { out: 10 });
        let again: NetworkConfig = toml::from_str(&toml::to_string(&parse(text)).unwrap()).unwrap();
        assert_eq!(again, parse(text));
    }

    #[test]
    fn wrong_networks_say_where_and_what_would_fit() {
        let cases = [
            ("layers = [{ op = 'dense' }]", "layer fc1: found an input of 1x28x28"),
            ("layers = [{ op = 'conv', kernel = 40, out = 4 }, { op = 'dense' }]", "layer conv1: found a 40x40 window"),
            ("layers = [{ op = 'conv', out = 4 }, { op = 'flatten' }, { op = 'dense' }]", "network.layers[0].kernel"),
            ("layers = [{ op = 'flatten', out = 4 }, { op = 'dense' }]", "found `out` on `flatten`"),
            ("layers = [{ op = 'flatten' }, { op = 'dense', out = 9 }]", "expected 10x1x1"),
            ("layers = [{ op = 'flatten' }, { op = 'dense', relu = true }]", "expected raw scores"),
            ("layers = [{ op = 'flatten' }, { op = 'dense', name = 'Fc' }]", "network.layers[1].name: found `Fc`"),
            ("layers = [{ op = 'flatten' }, { op = 'dense', inputs = ['x'] }]", "layer fc1: found input `x`"),
            ("layers = [{ op = 'flatten' }, { op = 'dense', inputs = [] }]", "found 0 input(s)"),
            ("layers = [{ op = 'max_pool', kernel = 2, padding = 2 }]", "at most half the kernel"),
            ("layers = [{ op = 'flatten' }]", "found `flatten` as the last layer"),
            ("family = 'small'\nwidth = -1.0", "network.width: found -1"),
            ("family = 'resnet8'\ngrowth = 4", "network.growth: found a growth rate without a DenseNet"),
            ("family = 'densenet40'\ngrowth = 0", "network.growth: found 0; expected 1 to 1024"),
            ("family = 'small'\nlayers = [{ op = 'flatten' }]", "found both `family` and `layers`"),
            (
                "layers = [{ op = 'flatten' }, { op = 'dense', out = 3 }, { op = 'dense', inputs = ['flatten1'] }]",
                "layer fc1: found an output that no layer reads",
            ),
        ];
        for (text, message) in cases {
            let found = fault(text);
            assert!(found.contains(message), "{text}\n  gave {found}\n  not  {message}");
        }
    }

    #[test]
    fn every_fault_of_the_keys_is_told_at_once() {
        let found = fault("layers = [{ op = 'conv', kernel = 0, out = 0 }, { op = 'dense', out = 10 }]");
        assert!(found.contains("layers[0].kernel") && found.contains("layers[0].out"), "{found}");
    }

    #[test]
    fn a_pair_is_one_number_or_two() {
        for wrong in ["kernel = -1", "kernel = 'x'", "kernel = [1]", "kernel = [1, 2, 3]"] {
            let text = format!("layers = [{{ op = 'conv', {wrong} }}]");
            let err = toml::from_str::<NetworkConfig>(&text).unwrap_err().to_string();
            assert!(err.contains("whole number"), "{err}");
        }
    }
}
