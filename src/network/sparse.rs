//! Sparse storage: the nonzeros of a matrix column by column, each with a gap-coded row index.

use super::graph::Storage;

/// Widest gap field that is considered.
pub const MAX_GAP_BITS: u32 = 8;

/// One stored weight: it lies `gap + 1` rows below the entry before it (row -1 before a column's first).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Rows skipped, 0 to 2^gap_bits - 1.
    pub gap: u8,
    /// The weight; 0 in a filler, which only moves down by 2^gap_bits rows.
    pub weight: i8,
}

/// A matrix by columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SparseColumns {
    /// Rows of the matrix (outputs).
    pub rows: usize,
    /// Bits of an entry's gap field, 0 to [`MAX_GAP_BITS`].
    pub gap_bits: u32,
    /// Column k is `entries[starts[k]..starts[k + 1]]`; one more than columns.
    pub starts: Vec<usize>,
    /// All entries, column after column, rows ascending.
    pub entries: Vec<Entry>,
}

/// Encodes the row-major `weights` of `rows` rows with the gap width that needs the fewest bits, the smallest on a tie.
pub fn encode(weights: &[i8], rows: usize, weight_bits: u32) -> SparseColumns {
    let encodings = (0..=MAX_GAP_BITS).map(|gap_bits| encode_with(weights, rows, gap_bits));
    encodings.min_by_key(|columns| columns.bits(weight_bits)).expect("at least one gap width")
}

/// Encodes with gap fields of `gap_bits` bits: a filler wherever a gap exceeds 2^gap_bits - 1.
pub fn encode_with(weights: &[i8], rows: usize, gap_bits: u32) -> SparseColumns {
    let columns = weights.len() / rows;
    let step = 1 << gap_bits;
    let mut out = SparseColumns { rows, gap_bits, starts: vec![0], entries: Vec::new() };
    for column in 0..columns {
        let mut next = 0; // the row an entry with gap 0 would lie on
        for row in 0..rows {
            let weight = weights[row * columns + column];
            if weight != 0 {
                while row - next >= step {
                    out.entries.push(Entry { gap: (step - 1) as u8, weight: 0 });
                    next += step;
                }
                out.entries.push(Entry { gap: (row - next) as u8, weight });
                next = row + 1;
            }
        }
        out.starts.push(out.entries.len());
    }
    out
}

impl SparseColumns {
    /// Columns of the matrix.
    pub fn columns(&self) -> usize {
        self.starts.len() - 1
    }

    /// Entries of one column, fillers included.
    pub fn column(&self, column: usize) -> &[Entry] {
        &self.entries[self.starts[column]..self.starts[column + 1]]
    }

    /// Entries that carry no weight.
    pub fn fillers(&self) -> usize {
        self.entries.iter().filter(|entry| entry.weight == 0).count()
    }

    /// Bits of one column's entry count: enough for the fullest column.
    pub fn count_bits(&self) -> u32 {
        let most = self.starts.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
        bits_for(most as u64)
    }

    /// Bits of the whole: entries of weight and gap, and an entry count for each column.
    pub fn bits(&self, weight_bits: u32) -> u64 {
        let entries = self.entries.len() as u64 * u64::from(weight_bits + self.gap_bits);
        entries + self.columns() as u64 * u64::from(self.count_bits())
    }

    /// The row-major matrix again.
    pub fn decode(&self) -> Vec<i8> {
        let mut weights = vec![0; self.rows * self.columns()];
        for column in 0..self.columns() {
            let mut next = 0;
            for entry in self.column(column) {
                let row = next + usize::from(entry.gap);
                weights[row * self.columns() + column] = entry.weight;
                next = row + 1;
            }
        }
        weights
    }
}

/// Bits of the unsigned number `value`: 0 for 0; `ceil(log2(value + 1))`.
pub const fn bits_for(value: u64) -> u32 {
    64 - value.leading_zeros()
}

/// The storage that needs fewer bits for these weights, dense on a tie.
pub fn smaller_storage(weights: &[i8], rows: usize, weight_bits: u32) -> Storage {
    let dense = weights.len() as u64 * u64::from(weight_bits);
    if encode(weights, rows, weight_bits).bits(weight_bits) < dense { Storage::Sparse } else { Storage::Dense }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of `docs/network-format.md`.
    #[test]
    fn documented_example() {
        let rows = [[0, 0], [3, 0], [-2, 0], [0, 1], [5, -1], [0, 7], [0, 2], [0, 0], [0, 0], [-7, 0], [0, 0], [0, 0]];
        let columns = encode(rows.as_flattened(), 12, 4);
        let entries: Vec<(u8, i8)> = columns.entries.iter().map(|entry| (entry.gap, entry.weight)).collect();
        assert_eq!(entries, [(1, 3), (0, -2), (1, 5), (3, 0), (0, -7), (3, 1), (0, -1), (0, 7), (0, 2)]);
        assert_eq!((columns.gap_bits, columns.count_bits(), columns.fillers()), (2, 3, 1));
        assert_eq!(columns.starts, [0, 5, 9]);
        let bits: Vec<u64> = (0..4).map(|g| encode_with(rows.as_flattened(), 12, g).bits(4)).collect();
        assert_eq!(bits, [76, 61, 60, 62]);
    }

    #[test]
    fn round_trip_and_smallest_gap() {
        let mut state = 12345u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 16
        };
        for rows in [1, 2, 7, 64, 300, 1000] {
            for keep in [1, 5, 30, 100] {
                let weights: Vec<i8> = (0..rows * 9).map(|_| if next() % 100 < keep { 1 } else { 0 }).collect();
                let all: Vec<u64> = (0..=MAX_GAP_BITS)
                    .map(|gap_bits| {
                        let columns = encode_with(&weights, rows, gap_bits);
                        assert_eq!(columns.decode(), weights, "rows {rows} keep {keep} gap {gap_bits}");
                        let limit = 1usize << gap_bits;
                        assert!(columns.entries.iter().all(|e| usize::from(e.gap) < limit));
                        columns.bits(4)
                    })
                    .collect();
                let best = encode(&weights, rows, 4);
                let smallest = *all.iter().min().unwrap();
                assert_eq!(best.bits(4), smallest);
                assert_eq!(best.gap_bits as usize, all.iter().position(|&bits| bits == smallest).unwrap());
            }
        }
    }

    #[test]
    fn empty_matrix_needs_no_bits() {
        let columns = encode(&[0; 12], 4, 8);
        assert_eq!((columns.bits(8), columns.gap_bits, columns.columns()), (0, 0, 3));
    }
}
