//! The named network families, written as the same layer entries that a run file may list.

mod densenet;
mod resnet;
#[cfg(test)]
mod tests;
mod vgg;

use serde::{Deserialize, Serialize};

use super::entry::{LayerEntry, OpName, Pair};
use crate::network::graph::Shape;

/// A named network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// conv 16, pool, conv 32, pool, fc 128, fc classes.
    Small,
    /// VGG configuration A (8 convolutions), then 512-512-classes.
    Vgg11,
    /// VGG configuration D (13 convolutions), then 512-512-classes.
    Vgg16,
    /// VGG configuration E (16 convolutions), then 512-512-classes.
    Vgg19,
    /// Residual network, one block a stage.
    Resnet8,
    /// Residual network, three blocks a stage.
    Resnet20,
    /// Residual network, nine blocks a stage.
    Resnet56,
    /// Densely connected network, twelve layers a block.
    Densenet40,
}

/// How large the members of a family are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Factor on channels and hidden features (rounded, at least 1).
    pub width: f64,
    /// Channels that each layer of a dense block adds, before `width`: Huang et al.'s k.
    pub growth: usize,
}

impl Default for Scale {
    fn default() -> Self {
        Self { width: 1.0, growth: 12 }
    }
}

impl Scale {
    fn of(self, n: usize) -> usize {
        ((n as f64 * self.width).round() as usize).max(1)
    }
}

impl Family {
    /// The family's layers for images of shape `input`. Each file of this folder has one kind, with its source.
    pub fn layers(self, scale: Scale, input: Shape, classes: usize) -> Vec<LayerEntry> {
        match self {
            Family::Small | Family::Vgg11 | Family::Vgg16 | Family::Vgg19 => vgg::layers(self, scale, input, classes),
            Family::Resnet8 => resnet::layers(1, scale, input, classes),
            Family::Resnet20 => resnet::layers(3, scale, input, classes),
            Family::Resnet56 => resnet::layers(9, scale, input, classes),
            Family::Densenet40 => densenet::layers(scale, input, classes),
        }
    }

    /// Whether `growth` means anything to it.
    pub const fn grows(self) -> bool {
        matches!(self, Family::Densenet40)
    }
}

/// A square convolution, padded so that stride 1 keeps the size.
fn conv(out: usize, kernel: usize) -> LayerEntry {
    LayerEntry {
        out: Some(out),
        kernel: Some(Pair([kernel; 2])),
        padding: Some(Pair([kernel / 2; 2])),
        ..LayerEntry::new(OpName::Conv)
    }
}

/// A convolution with BatchNorm, and ReLU where told.
fn normed_conv(out: usize, kernel: usize, relu: bool) -> LayerEntry {
    LayerEntry { batch_norm: Some(true), relu: Some(relu), ..conv(out, kernel) }
}

fn dense(out: usize, relu: bool) -> LayerEntry {
    LayerEntry { out: Some(out), relu: Some(relu), ..LayerEntry::new(OpName::Dense) }
}

fn named(name: impl Into<String>, entry: LayerEntry) -> LayerEntry {
    LayerEntry { name: Some(name.into()), ..entry }
}

fn reading(inputs: &[&str], entry: LayerEntry) -> LayerEntry {
    LayerEntry { inputs: Some(inputs.iter().map(ToString::to_string).collect()), ..entry }
}

/// The end of networks without hidden fully connected layers: mean over the `h x w` image, flatten, scores.
fn pooled_scores(h: usize, w: usize, classes: usize) -> Vec<LayerEntry> {
    let mean = LayerEntry { kernel: Some(Pair([h, w])), ..LayerEntry::new(OpName::AvgPool) };
    let pool = (h * w > 1).then_some(mean);
    pool.into_iter().chain([LayerEntry::new(OpName::Flatten), dense(classes, false)]).collect()
}
