//! Memory images for `$readmemh`.

/// One word of `fields` `(value, bits)`, low bits first, as hexadecimal digits without a prefix.
pub fn word(fields: impl IntoIterator<Item = (i64, u32)>) -> String {
    let mut nibbles: Vec<u8> = Vec::new();
    let mut at = 0usize;
    for (value, bits) in fields {
        for bit in 0..bits {
            if at % 4 == 0 {
                nibbles.push(0);
            }
            let set = (value >> bit.min(63)) & 1;
            nibbles[at / 4] |= (set as u8) << (at % 4);
            at += 1;
        }
    }
    nibbles.iter().rev().map(|n| char::from_digit(u32::from(*n), 16).unwrap_or('0')).collect()
}

/// A whole memory, one word a line.
pub fn file<F: IntoIterator<Item = (i64, u32)>>(words: impl IntoIterator<Item = F>) -> String {
    words.into_iter().map(|fields| word(fields) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_packed_low_bits_first() {
        assert_eq!(word([(1, 4), (-1, 3), (0, 1), (5, 3)]), "571");
        assert_eq!(file([vec![(-2i64, 4u32)], vec![(3, 4)]]), "e\n3\n");
    }
}
