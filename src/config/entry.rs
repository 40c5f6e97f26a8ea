//! One layer as the run file writes it: its keys, their ranges and defaults.

use std::fmt;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::layers::{LayerOp, Window};
use crate::error::InputError;

/// Most channels or features of one layer.
const MAX_OUT: usize = 65_536;
/// Largest kernel, stride or padding.
const MAX_WINDOW: usize = 255;

/// One layer as a run file writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerEntry {
    /// The operation.
    pub op: OpName,
    /// Name; by default the operation's short name and a count: `conv1`, `pool1`, `fc1`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Names of earlier layers, or `input`; by default the layer before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Vec<String>>,
    /// Output channels (conv) or features (dense); the last layer may leave it out: one a class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out: Option<usize>,
    /// Window (conv; pools: 2 by default).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<Pair>,
    /// Steps (conv: 1 by default; pools: the kernel).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stride: Option<Pair>,
    /// Border on each side (conv, max_pool; 0 by default).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub padding: Option<Pair>,
    /// BatchNorm after the convolution; false by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_norm: Option<bool>,
    /// ReLU at the end (conv, dense, batch_norm, add); false by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relu: Option<bool>,
}

impl LayerEntry {
    /// An entry with every key left to its default.
    pub fn new(op: OpName) -> Self {
        Self {
            op,
            name: None,
            inputs: None,
            out: None,
            kernel: None,
            stride: None,
            padding: None,
            batch_norm: None,
            relu: None,
        }
    }

    /// Checks the keys against the operation, and their ranges.
    pub fn check(&self, last: bool, place: &str, faults: &mut Vec<InputError>) {
        let (op, _, allowed) = self.op.about();
        let given = [
            ("out", self.out.is_some()),
            ("kernel", self.kernel.is_some()),
            ("stride", self.stride.is_some()),
            ("padding", self.padding.is_some()),
            ("batch_norm", self.batch_norm.is_some()),
            ("relu", self.relu.is_some()),
        ];
        let mut fault = |key: &str, found: String, expected: String| {
            faults.push(InputError::new(format!("{place}.{key}"), found, expected));
        };
        for (key, _) in given.iter().filter(|(key, is_given)| *is_given && !allowed.contains(key)) {
            let keys = if allowed.is_empty() { "no key beside name and inputs".into() } else { allowed.join(", ") };
            fault(key, format!("`{key}` on `{op}`"), keys);
        }
        match self.out {
            Some(out) if out == 0 || out > MAX_OUT => fault("out", out.to_string(), format!("1 to {MAX_OUT}")),
            None if allowed.contains(&"out") && !last => fault("out", "nothing".into(), "the number of outputs".into()),
            _ => {}
        }
        if self.op == OpName::Conv && self.kernel.is_none() {
            fault("kernel", "nothing".into(), "a kernel size, such as 3".into());
        }
        for (key, pair, least) in [("kernel", self.kernel, 1), ("stride", self.stride, 1), ("padding", self.padding, 0)]
        {
            let Some(Pair(values)) = pair else { continue };
            if values.iter().any(|v| *v < least || *v > MAX_WINDOW) {
                fault(key, format!("{values:?}"), format!("{least} to {MAX_WINDOW}"));
            }
        }
        check_padding(self, &mut fault);
    }

    /// The operation, with defaults filled in; a missing `out` means one a class.
    pub fn layer_op(&self, classes: usize) -> LayerOp {
        let is_pool = matches!(self.op, OpName::MaxPool | OpName::AvgPool);
        let kernel = self.kernel.map_or(if is_pool { [2, 2] } else { [1, 1] }, |p| p.0);
        let stride = self.stride.map_or(if is_pool { kernel } else { [1, 1] }, |p| p.0);
        let window = Window { kernel, stride, padding: self.padding.map_or([0, 0], |p| p.0) };
        let out = self.out.unwrap_or(classes);
        match self.op {
            OpName::Conv => LayerOp::Conv { out, window },
            OpName::Dense => LayerOp::Dense { out },
            OpName::MaxPool => LayerOp::MaxPool(window),
            OpName::AvgPool => LayerOp::AvgPool(window),
            OpName::Flatten => LayerOp::Flatten,
            OpName::BatchNorm => LayerOp::BatchNorm,
            OpName::Add => LayerOp::Add,
            OpName::Concat => LayerOp::Concat,
        }
    }
}

/// A convolution's padding stays below its kernel, a max pool's at half of it: more would only add constant pixels.
fn check_padding(entry: &LayerEntry, fault: &mut impl FnMut(&str, String, String)) {
    let Some(Pair(padding)) = entry.padding else { return };
    let kernel = entry.kernel.map_or([2, 2], |k| k.0);
    let (most, rule) = match entry.op {
        OpName::Conv => (kernel.map(|k| k.saturating_sub(1)), "less than the kernel"),
        OpName::MaxPool => (kernel.map(|k| k / 2), "at most half the kernel"),
        _ => return,
    };
    if padding[0] > most[0] || padding[1] > most[1] {
        fault("padding", format!("{padding:?} with kernel {kernel:?}"), rule.into());
    }
}

/// The value of the key `op`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpName {
    /// See [`LayerOp::Conv`].
    Conv,
    /// See [`LayerOp::Dense`].
    Dense,
    /// See [`LayerOp::MaxPool`].
    MaxPool,
    /// See [`LayerOp::AvgPool`].
    AvgPool,
    /// See [`LayerOp::Flatten`].
    Flatten,
    /// See [`LayerOp::BatchNorm`].
    BatchNorm,
    /// See [`LayerOp::Add`].
    Add,
    /// See [`LayerOp::Concat`].
    Concat,
}

impl OpName {
    /// The operation's name in the file, its prefix for automatic names, and the keys it takes beside op, name, inputs.
    const fn about(self) -> (&'static str, &'static str, &'static [&'static str]) {
        match self {
            OpName::Conv => ("conv", "conv", &["out", "kernel", "stride", "padding", "batch_norm", "relu"]),
            OpName::Dense => ("dense", "fc", &["out", "relu"]),
            OpName::MaxPool => ("max_pool", "pool", &["kernel", "stride", "padding"]),
            OpName::AvgPool => ("avg_pool", "pool", &["kernel", "stride"]),
            OpName::Flatten => ("flatten", "flatten", &[]),
            OpName::BatchNorm => ("batch_norm", "bn", &["relu"]),
            OpName::Add => ("add", "add", &["relu"]),
            OpName::Concat => ("concat", "concat", &[]),
        }
    }

    /// What an automatic name starts with.
    pub const fn prefix(self) -> &'static str {
        self.about().1
    }
}

/// `[vertical, horizontal]`; a file may write one number for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair(pub [usize; 2]);

impl Serialize for Pair {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if self.0[0] == self.0[1] { self.0[0].serialize(s) } else { self.0.serialize(s) }
    }
}

impl<'de> Deserialize<'de> for Pair {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(PairVisitor)
    }
}

struct PairVisitor;

impl<'de> Visitor<'de> for PairVisitor {
    type Value = Pair;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number, or two: [vertical, horizontal]")
    }

    fn visit_i64<E: de::Error>(self, v: i64) -> Result<Pair, E> {
        let n = usize::try_from(v).map_err(|_| E::invalid_value(de::Unexpected::Signed(v), &self))?;
        Ok(Pair([n, n]))
    }

    fn visit_u64<E: de::Error>(self, v: u64) -> Result<Pair, E> {
        let n = usize::try_from(v).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(v), &self))?;
        Ok(Pair([n, n]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Pair, A::Error> {
        let mut next = |i| seq.next_element::<usize>()?.ok_or_else(|| de::Error::invalid_length(i, &self));
        let pair = Pair([next(0)?, next(1)?]);
        match seq.next_element::<usize>()? {
            None => Ok(pair),
            Some(_) => Err(de::Error::invalid_length(3, &self)),
        }
    }
}
