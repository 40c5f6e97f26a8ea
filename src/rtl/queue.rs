//! The output queue with its credits, `templates/queue.v`.

use anyhow::Result;
use askama::Template;

use super::text;
use crate::plan::sparse::bits_for;

#[derive(Template)]
#[template(path = "queue.v")]
struct Queue<'a> {
    width: usize,
    addr_bits: u32,
    beats: usize,
    take: usize,
    credit_bits: u32,
    drop: &'a str,
}

/// The queue of `2^addr_bits` beats of `width` bits, `take` of them booked by one start; `drop` is the
/// condition that a booked beat never comes.
pub fn queue(width: usize, addr_bits: u32, take: usize, drop: &str) -> Result<String> {
    let beats = 1usize << addr_bits;
    Ok(Queue { width, addr_bits, beats, take, credit_bits: bits_for(beats), drop }.render()?)
}
