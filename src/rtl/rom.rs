//! Read-only memories, `templates/rom.v`: deep ones as several, because what stands behind a block RAM must be shallow.

use anyhow::Result;
use askama::Template;

use super::literal::{Counter, lit, range};
use super::{Artifact, hex};
use crate::plan::conv::SHALLOW_WORDS;

/// A memory of an engine.
pub struct Rom<'a> {
    /// The engine's module.
    pub module: &'a str,
    /// Last part of the names of instance and hex file.
    pub name: String,
    /// Wire that the words come out of.
    pub data: String,
    /// Bits of a word.
    pub width: usize,
    /// Words.
    pub depth: usize,
    /// True where the words of a deep one come a cycle later, through registers before the multiplexer.
    pub registered: bool,
    /// What it is made of, for `sg_rom`.
    pub style: &'static str,
    /// The condition that a word is read.
    pub enable: String,
    /// Register that has the address, and the place of its lowest bit there, if it has other bits.
    pub addr: (String, Option<usize>),
}

#[derive(Template)]
#[template(path = "rom.v")]
struct Text<'a> {
    module: &'a str,
    name: &'a str,
    data: &'a str,
    width: usize,
    style: &'static str,
    bank_words: usize,
    registered: bool,
    read_always: bool,
    enable: &'a str,
    select: String,
    select_bits: u32,
    select_range: String,
    banks: Vec<Bank>,
}

struct Bank {
    name: String,
    depth: usize,
    addr_bits: u32,
    enable: String,
    addr: String,
    data: String,
}

/// Words of each memory that makes up one of `depth`: all but the last are full.
fn bank_words(depth: usize) -> usize {
    depth.min(SHALLOW_WORDS)
}

impl Rom<'_> {
    /// The instances, with the multiplexer behind several.
    ///
    /// # Errors
    /// Where a template fails.
    pub fn render(&self) -> Result<String> {
        let words = bank_words(self.depth);
        let whole = Counter::new(self.depth).bits;
        let low = if words < self.depth { words.trailing_zeros() } else { whole };
        let select_bits = whole - low;
        let select = self.slice(low, select_bits);
        let bank = |(k, at): (usize, usize)| {
            let depth = words.min(self.depth - at);
            let addr_bits = Counter::new(depth).bits;
            match select_bits {
                0 => Bank {
                    name: self.name.clone(),
                    depth,
                    addr_bits,
                    enable: self.enable.clone(),
                    addr: self.slice(0, whole),
                    data: self.data.clone(),
                },
                _ => Bank {
                    name: format!("{}_{k}", self.name),
                    depth,
                    addr_bits,
                    enable: self.enabled(&format!("({select} == {})", lit(select_bits, k as u64))),
                    addr: self.slice(0, addr_bits),
                    data: format!("{}_banks[{}+:{}]", self.name, k * self.width, self.width),
                },
            }
        };
        let text = Text {
            module: self.module,
            name: &self.name,
            data: &self.data,
            width: self.width,
            style: self.style,
            bank_words: words,
            registered: self.registered,
            read_always: self.always(),
            enable: &self.enable,
            select_range: range(select_bits.max(1) as usize),
            select: select.clone(),
            select_bits,
            banks: (0..self.depth).step_by(words).enumerate().map(bank).collect(),
        };
        Ok(text.render()?.trim_start_matches('\n').into())
    }

    fn always(&self) -> bool {
        self.enable == "1'b1"
    }

    /// The condition that a word is read for which `also` holds.
    fn enabled(&self, also: &str) -> String {
        if self.always() { also.into() } else { format!("{} && {also}", self.enable) }
    }

    /// `bits` bits of the address from bit `low` on.
    fn slice(&self, low: u32, bits: u32) -> String {
        match &self.addr {
            (register, None) if low == 0 && bits == Counter::new(self.depth).bits => register.clone(),
            (register, base) => format!("{register}[{}+:{bits}]", base.unwrap_or(0) + low as usize),
        }
    }

    /// Its memory images, of all its `words`.
    pub fn images<F: IntoIterator<Item = (i64, u32)>>(&self, words: impl IntoIterator<Item = F>) -> Vec<Artifact> {
        let lines: Vec<String> = words.into_iter().map(|fields| hex::word(fields) + "\n").collect();
        let size = bank_words(self.depth);
        let several = size < self.depth;
        let image = |(k, bank): (usize, &[String])| {
            let name = if several { format!("{}_{k}", self.name) } else { self.name.clone() };
            Artifact::new(format!("mem/{}_{name}.hex", self.module), bank.concat())
        };
        lines.chunks(size).enumerate().map(image).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deep_memory_is_made_of_shallow_ones() {
        let banks = |depth: usize| (bank_words(depth), depth.div_ceil(bank_words(depth)));
        assert_eq!(banks(4096), (4096, 1));
        assert_eq!(banks(4097), (4096, 2));
        assert_eq!(banks(50_176), (4096, 13));
    }

    #[test]
    fn every_word_stands_in_its_bank() {
        let rom = Rom {
            module: "m",
            name: "weight".into(),
            data: "weight_data".into(),
            width: 16,
            depth: 5000,
            registered: false,
            style: "auto",
            enable: "step".into(),
            addr: ("weight_addr_q".into(), None),
        };
        let files = rom.images((0..5000).map(|n| [(n, 16)]));
        assert_eq!(files.len(), 2);
        assert!(files[1].path == "mem/m_weight_1.hex" && files[1].text.starts_with("1000\n"));
        let text = rom.render().unwrap();
        assert!(text.contains(".en_i  (step && (weight_addr_q[12+:1] == 1'd1)),"), "{text}");
        assert!(text.contains(".addr_i(weight_addr_q[0+:10]),"), "{text}");
    }
}
