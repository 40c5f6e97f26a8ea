//! Exact matrix times vector: the inner loop of conv and dense.

/// Columns of a dense row are padded with zeros to a multiple of this, so that dot products have no remainder.
const LANES: usize = 16;
/// A matrix is multiplied by its nonzeros when fewer than one weight in this many is one.
const SPARSE_BELOW: usize = 8;

/// A weight matrix of O rows (outputs) and K columns (the values of a patch).
#[derive(Debug, Clone)]
pub(super) enum Matrix {
    /// Rows of i16, each padded to `stride`; `wide` where a sum could leave 32 bits.
    Dense { rows: Vec<i16>, stride: usize, wide: bool },
    /// The nonzeros `(row, weight)` of column k stand at `starts[k]..starts[k + 1]`.
    Sparse { starts: Vec<usize>, entries: Vec<(u32, i32)> },
}

impl Matrix {
    /// `weights` is row-major, `outputs` rows; `acc_bits` holds every partial sum.
    pub(super) fn new(weights: &[i8], outputs: usize, acc_bits: u32) -> Self {
        let columns = weights.len() / outputs;
        let nonzeros = weights.iter().filter(|&&w| w != 0).count();
        if nonzeros * SPARSE_BELOW < weights.len() {
            return Self::sparse(weights, outputs, columns);
        }
        let stride = columns.next_multiple_of(LANES);
        let mut rows = vec![0; outputs * stride];
        for (row, weights) in rows.chunks_exact_mut(stride).zip(weights.chunks_exact(columns)) {
            row.iter_mut().zip(weights).for_each(|(to, &w)| *to = i16::from(w));
        }
        Matrix::Dense { rows, stride, wide: acc_bits > 32 }
    }

    fn sparse(weights: &[i8], outputs: usize, columns: usize) -> Self {
        let mut starts = vec![0];
        let mut entries = Vec::new();
        for column in 0..columns {
            let nonzeros = (0..outputs).map(|row| (row as u32, i32::from(weights[row * columns + column])));
            entries.extend(nonzeros.filter(|&(_, weight)| weight != 0));
            starts.push(entries.len());
        }
        Matrix::Sparse { starts, entries }
    }

    /// Length the vector must have: K, or K padded with zeros.
    pub(super) fn padded_columns(&self) -> usize {
        match self {
            Matrix::Dense { stride, .. } => *stride,
            Matrix::Sparse { starts, .. } => starts.len() - 1,
        }
    }

    /// `acc = bias + self * x`.
    #[inline(always)]
    pub(super) fn multiply(&self, x: &[i16], bias: &[i64], acc: &mut [i64]) {
        match self {
            Matrix::Dense { rows, stride, wide } => {
                for ((acc, bias), row) in acc.iter_mut().zip(bias).zip(rows.chunks_exact(*stride)) {
                    *acc = bias + if *wide { dot_wide(row, x) } else { i64::from(dot(row, x)) };
                }
            }
            Matrix::Sparse { starts, entries } => {
                acc.copy_from_slice(bias);
                for (&x, range) in x.iter().zip(starts.windows(2)) {
                    if x != 0 {
                        for &(row, weight) in &entries[range[0]..range[1]] {
                            acc[row as usize] += i64::from(weight * i32::from(x));
                        }
                    }
                }
            }
        }
    }
}

/// Dot product whose every partial sum is known to fit 32 bits, so that wrapping never happens; it vectorises.
#[inline(always)]
fn dot(a: &[i16], b: &[i16]) -> i32 {
    let mut sum = 0i32;
    for (a, b) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)) {
        for (&a, &b) in a.iter().zip(b) {
            sum = sum.wrapping_add(i32::from(a).wrapping_mul(i32::from(b)));
        }
    }
    sum
}

/// Dot product of any sum.
fn dot_wide(a: &[i16], b: &[i16]) -> i64 {
    a.iter().zip(b).map(|(&a, &b)| i64::from(i32::from(a) * i32::from(b))).sum()
}
