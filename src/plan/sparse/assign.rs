//! Which row lies in which bank.

use super::{Bank, SparseInput, bits_for};

/// Entries past the limit of all columns together up to which exchanges are tried, and their number.
const MOST_EXCHANGES: usize = 64;
/// An exchange may make the fullest bank this part longer.
const LONGER: usize = 200;

/// Gives every row, most nonzeros first, to the least loaded bank that has a place left (rows / banks, rounded up). Where a
/// few exchanges of two rows then bring the longest column of all banks to a length that a bit less can count, they are made.
pub(super) fn assign(input: &SparseInput, banks: usize) -> Vec<Bank> {
    let mut deal = Deal::new(input, banks);
    let limit = (1 << (bits_for(deal.longest_column()) - 1)) - 1;
    if limit > 0 {
        deal.shorten(limit);
    }
    deal.rows.into_iter().map(|rows| fill(input, rows)).collect()
}

/// Rows dealt to banks.
struct Deal {
    /// By bank.
    rows: Vec<Vec<usize>>,
    /// By row, ascending: the columns that it has an entry in.
    columns: Vec<Vec<usize>>,
    /// By bank and column: entries.
    counts: Vec<Vec<usize>>,
}

/// Two rows, each a bank and a place in it.
type Exchange = [(usize, usize); 2];

impl Deal {
    fn new(input: &SparseInput, banks: usize) -> Self {
        let mut columns = vec![Vec::new(); input.rows];
        for (index, column) in input.columns.iter().enumerate() {
            column.iter().for_each(|(row, _)| columns[*row].push(index));
        }
        let mut order: Vec<usize> = (0..input.rows).collect();
        order.sort_by_key(|row| std::cmp::Reverse(columns[*row].len()));
        let places = input.rows.div_ceil(banks);
        let mut rows = vec![Vec::new(); banks];
        let mut load = vec![0; banks];
        let mut counts = vec![vec![0; input.columns.len()]; banks];
        for row in order {
            let open = (0..banks).filter(|bank| rows[*bank].len() < places);
            let bank = open.min_by_key(|bank| (load[*bank], rows[*bank].len())).unwrap_or(0);
            load[bank] += columns[row].len();
            columns[row].iter().for_each(|column| counts[bank][*column] += 1);
            rows[bank].push(row);
        }
        Self { rows, columns, counts }
    }

    fn longest_column(&self) -> usize {
        self.counts.iter().flatten().copied().max().unwrap_or(0)
    }

    /// Exchanges rows until no column of a bank is longer than `limit`, or leaves all as it was.
    fn shorten(&mut self, limit: usize) {
        let before = self.rows.clone();
        let fullest = self.rows.iter().map(|rows| self.load(rows)).max().unwrap_or(0);
        for _ in 0..=MOST_EXCHANGES {
            let long = |counts: &Vec<usize>| counts.iter().position(|n| *n > limit);
            let Some(at) = self.counts.iter().enumerate().find_map(|(bank, counts)| Some((bank, long(counts)?))) else {
                return;
            };
            let over: usize = self.counts.iter().flatten().map(|n| n.saturating_sub(limit)).sum();
            let most = fullest + fullest / LONGER;
            match (over <= MOST_EXCHANGES).then(|| self.best(at, limit, most)).flatten() {
                Some(exchange) => self.make(exchange),
                None => break,
            }
        }
        self.rows = before;
    }

    fn load(&self, rows: &[usize]) -> usize {
        rows.iter().map(|row| self.columns[*row].len()).sum()
    }

    /// The exchange that takes an entry out of the column and leaves the fewest entries past `limit`, fewer than now; no bank
    /// has more than `most` entries behind it.
    fn best(&self, (bank, column): (usize, usize), limit: usize, most: usize) -> Option<Exchange> {
        let loads: Vec<usize> = self.rows.iter().map(|rows| self.load(rows)).collect();
        let has = |row: usize| self.columns[row].binary_search(&column).is_ok();
        let places =
            |bank: usize, with: bool| (0..self.rows[bank].len()).filter(move |i| has(self.rows[bank][*i]) == with);
        let others = (0..self.rows.len()).filter(|other| *other != bank);
        let pairs = others.flat_map(|other| {
            places(bank, true).flat_map(move |i| places(other, false).map(move |j| [(bank, i), (other, j)]))
        });
        let fits = |pair: &Exchange| {
            let [gone, come] = pair.map(|(bank, i)| self.columns[self.rows[bank][i]].len());
            loads[pair[0].0] + come <= most + gone && loads[pair[1].0] + gone <= most + come
        };
        let change = pairs.filter(fits).map(|pair| (self.change(pair, limit), pair));
        change.min_by_key(|(change, _)| *change).filter(|(change, _)| *change < 0).map(|(_, pair)| pair)
    }

    /// Entries past `limit` that the exchange adds.
    fn change(&self, pair: Exchange, limit: usize) -> isize {
        let [first, second] = pair.map(|(bank, i)| (bank, &self.columns[self.rows[bank][i]]));
        let moved = |(from, columns): (usize, &Vec<usize>), (to, others): (usize, &Vec<usize>)| {
            let alone = columns.iter().filter(|column| others.binary_search(column).is_err());
            let worth = |column: &usize| {
                isize::from(self.counts[to][*column] >= limit) - isize::from(self.counts[from][*column] > limit)
            };
            alone.map(worth).sum::<isize>()
        };
        moved(first, second) + moved(second, first)
    }

    fn make(&mut self, [(a, i), (b, j)]: Exchange) {
        let (from_a, from_b) = (self.rows[a][i], self.rows[b][j]);
        for (row, from, to) in [(from_a, a, b), (from_b, b, a)] {
            for column in &self.columns[row] {
                self.counts[from][*column] -= 1;
                self.counts[to][*column] += 1;
            }
        }
        (self.rows[a][i], self.rows[b][j]) = (from_b, from_a);
    }
}

fn fill(input: &SparseInput, mut rows: Vec<usize>) -> Bank {
    rows.sort_unstable();
    let (mut entries, mut counts) = (Vec::new(), Vec::new());
    for column in &input.columns {
        let before = entries.len();
        let mut mine: Vec<(usize, i32)> =
            column.iter().filter_map(|(row, w)| rows.binary_search(row).ok().map(|local| (local, *w))).collect();
        mine.sort_unstable();
        entries.extend(mine.into_iter().map(|(local, w)| (w, local)));
        counts.push(entries.len() - before);
    }
    Bank { rows, entries, counts }
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::network::graph::ActType;

    fn input(rows: usize, columns: Vec<Vec<(usize, i32)>>) -> SparseInput {
        let (act, bias) = (ActType::unsigned(4), vec![0; rows]);
        SparseInput {
            rows,
            columns,
            weight_bits: 3,
            act,
            acc_bits: 12,
            out: None,
            bias,
            multiplier: vec![],
            shift: vec![],
        }
    }

    fn longest(banks: &[Bank]) -> usize {
        banks.iter().flat_map(|bank| bank.counts.iter().copied()).max().unwrap()
    }

    #[test]
    fn rows_of_one_column_part() {
        let banks = assign(&input(4, vec![vec![(0, 1), (2, 1)], vec![(1, 1), (3, 1)]]), 2);
        assert_eq!(longest(&banks), 1);
    }

    #[test]
    fn exchanges_shorten_columns_and_nothing_else() {
        let mut shorter = 0;
        for seed in 0..20 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let column = |rng: &mut ChaCha8Rng| (0..64).filter(|_| rng.random_bool(0.2)).map(|row| (row, 1)).collect();
            let input = input(64, (0..400).map(|_| column(&mut rng)).collect());
            let dealt = Deal::new(&input, 5);
            let banks = assign(&input, 5);
            let mut rows: Vec<usize> = banks.iter().flat_map(|bank| bank.rows.clone()).collect();
            rows.sort_unstable();
            assert_eq!(rows, (0..64).collect::<Vec<_>>(), "seed {seed}");
            let fullest = dealt.rows.iter().map(|rows| dealt.load(rows)).max().unwrap();
            assert!(banks.iter().all(|bank| bank.entries.len() <= fullest + fullest / LONGER), "seed {seed}");
            let (before, after) = (bits_for(dealt.longest_column()), bits_for(longest(&banks)));
            assert!(after <= before, "seed {seed}");
            shorter += usize::from(after < before);
        }
        assert!(shorter >= 5, "{shorter} of 20 matrices");
    }
}
