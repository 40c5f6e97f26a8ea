//! Plan of the engines that join streams: add, and concat.

use serde::Serialize;

use super::Memory;
use super::requant::REQUANT_CYCLES;
use super::stream::Stream;
use crate::network::Params;
use crate::network::graph::ActType;

/// What becomes of the streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// The clamped sum of two.
    Add,
    /// All channels of the first, then those of the second, and so on, pixel by pixel.
    Concat,
}

/// One stream that enters a join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Port {
    /// Values a word.
    pub lanes: usize,
    /// Words a pixel.
    pub words: usize,
    /// Bits of a value.
    pub bits: u32,
    /// Two's complement.
    pub signed: bool,
    /// Requantizer.
    pub multiplier: u16,
    /// Requantizer.
    pub shift: u8,
    /// Words that the buffer in front of the join holds; 0: there is none.
    pub depth: usize,
}

/// Everything the generator needs of a join.
#[derive(Debug, Clone, Serialize)]
pub struct JoinPlan {
    /// What it does.
    pub how: How,
    /// Values a beat of the result.
    pub lanes: usize,
    /// The streams that enter, in the order of the node's inputs.
    pub ports: Vec<Port>,
    /// The streams that one beat of the result takes, for each turn of a pixel: `(streams, beats)`.
    pub turns: Vec<(Vec<usize>, usize)>,
    /// Signed bits that hold a value of any stream.
    pub value_bits: u32,
    /// Format of the result.
    pub out: ActType,
}

/// The lanes in which streams of `channels` enter a join of `lanes`; `None` where a beat of a concat would take part of
/// a stream's word. A concat takes words of one stream after the other, so that `lanes` divide the channels of all
/// but the last, or a whole pixel at once.
pub fn port_lanes(how: How, channels: &[usize], lanes: usize) -> Option<Vec<usize>> {
    if how == How::Add {
        return Some(vec![lanes; channels.len()]);
    }
    let (last, others) = channels.split_last()?;
    if lanes == channels.iter().sum::<usize>() {
        Some(channels.to_vec())
    } else if others.iter().all(|c| c % lanes == 0) {
        Some(others.iter().map(|_| lanes).chain([lanes.min(*last)]).collect())
    } else {
        None
    }
}

impl JoinPlan {
    /// Plans a join of `lanes` behind `streams`, without buffers; `None` where the lanes do not fit.
    pub fn new(
        how: How,
        streams: &[Stream],
        lanes: usize,
        params: &Params,
        value_bits: u32,
        out: ActType,
    ) -> Option<Self> {
        let channels: Vec<usize> = streams.iter().map(|s| s.channels).collect();
        let port_lanes = port_lanes(how, &channels, lanes)?;
        let constants = params.multiplier.iter().zip(&params.shift).map(|(&m, &s)| reduced(m, s));
        let ports: Vec<Port> = streams
            .iter()
            .zip(port_lanes)
            .zip(constants)
            .map(|((stream, lanes), (multiplier, shift))| Port {
                lanes,
                words: stream.channels.div_ceil(lanes),
                bits: stream.bits,
                signed: stream.signed,
                multiplier,
                shift,
                depth: 0,
            })
            .collect();
        let together = how == How::Add || lanes == channels.iter().sum::<usize>();
        let turns = match together {
            true => vec![((0..ports.len()).collect(), ports[0].words)],
            false => ports.iter().enumerate().map(|(k, port)| (vec![k], port.words)).collect(),
        };
        Some(Self { how, lanes, ports, turns, value_bits, out })
    }

    /// Beats of a pixel.
    pub fn beats(&self) -> usize {
        self.turns.iter().map(|(_, beats)| beats).sum()
    }

    /// Cycles from a word until its result enters the output queue: a register, the requantizer, the sum.
    pub fn latency(&self) -> usize {
        match self.how {
            How::Add => 2 + REQUANT_CYCLES,
            How::Concat => 1 + REQUANT_CYCLES,
        }
    }

    /// The buffers.
    pub fn memories(&self) -> Vec<Memory> {
        let buffered = self.ports.iter().enumerate().filter(|(_, port)| port.depth > 0);
        let memory = |(k, port): (usize, &Port)| {
            let width = port.lanes as u32 * port.bits;
            Memory::ram(format!("buffer{k}"), width, port.depth, u64::from(width) * port.depth as u64)
        };
        buffered.map(memory).collect()
    }
}

/// The same requantizer with the smallest multiplier: common factors of two in it and in `2^shift` change nothing.
fn reduced(multiplier: u16, shift: u8) -> (u16, u8) {
    let twos = if multiplier == 0 { 0 } else { multiplier.trailing_zeros().min(u32::from(shift) - 1) };
    (multiplier >> twos, shift - twos as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concats_take_whole_words_or_whole_pixels() {
        let lanes = |channels: &[usize]| -> Vec<usize> {
            let all = 1..=channels.iter().sum::<usize>();
            all.filter(|&lanes| port_lanes(How::Concat, channels, lanes).is_some()).collect()
        };
        assert_eq!(lanes(&[8, 3]), [1, 2, 4, 8, 11]);
        assert_eq!(lanes(&[3, 5, 2]), [1, 10]);
        assert_eq!(port_lanes(How::Concat, &[8, 3], 4), Some(vec![4, 3]));
    }

    #[test]
    fn a_reduced_multiplier_rounds_as_the_whole_one() {
        for (multiplier, shift) in [(96, 9), (1 << 15, 4), (7, 3), (0, 5)] {
            let (small, less) = reduced(multiplier, shift);
            assert!(less >= 1 && small <= multiplier);
            let scale = |v: i64, m: u16, s: u8| (v * i64::from(m) + (1 << (s - 1))) >> s;
            assert!(
                (-300..300).all(|v| scale(v, multiplier, shift) == scale(v, small, less)),
                "{multiplier} >> {shift}"
            );
        }
    }
}
