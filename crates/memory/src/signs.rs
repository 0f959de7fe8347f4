//! The signs of vectors, one bit a number: a first comparison that reads an eighth of a large table.

/// The rows of which the mean is taken.
const SAMPLED_ROWS: usize = 4000;

/// For each vector which of its numbers are above the mean of all.
#[derive(Debug)]
pub(crate) struct SignTable {
    /// The mean of the vectors of length 1.
    mean: Vec<f32>,
    words_per_row: usize,
    words: Vec<u64>,
}

impl SignTable {
    /// Takes the rows of a table, each of which is multiplied by its factor.
    pub(crate) fn new(numbers: &[i8], factors: &[f32], dimension: usize) -> Self {
        let step = (factors.len() / SAMPLED_ROWS).max(1);
        let mut mean = vec![0.0_f32; dimension];
        let mut count = 0.0_f32;
        for (row, factor) in numbers.chunks_exact(dimension).zip(factors).step_by(step) {
            count += 1.0;
            for (sum, number) in mean.iter_mut().zip(row) {
                *sum += f32::from(*number) * factor;
            }
        }
        for sum in &mut mean {
            *sum /= count.max(1.0);
        }
        let words_per_row = dimension.div_ceil(64);
        let mut words = Vec::with_capacity(words_per_row * factors.len());
        for (row, factor) in numbers.chunks_exact(dimension).zip(factors) {
            let values = row.iter().map(|number| f32::from(*number) * factor);
            push_signs(&mut words, values.zip(&mean));
        }
        Self { mean, words_per_row, words }
    }

    /// The rows whose signs differ least from those of a vector, about `count`.
    pub(crate) fn nearest_rows(&self, vector: &[f32], count: usize) -> Vec<usize> {
        let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
        let mut query = Vec::with_capacity(self.words_per_row);
        push_signs(&mut query, vector.iter().map(|number| number / length).zip(&self.mean));
        let distances: Vec<u16> = self
            .words
            .chunks_exact(self.words_per_row)
            .map(|row| {
                let differing = row.iter().zip(&query).map(|(a, b)| (a ^ b).count_ones());
                u16::try_from(differing.sum::<u32>()).unwrap_or(u16::MAX)
            })
            .collect();
        let limit = distance_limit(&distances, self.words_per_row * 64, count);
        let near = distances.iter().enumerate().filter(|(_, distance)| **distance <= limit);
        near.map(|(index, _)| index).collect()
    }
}

/// The distance that at least `count` rows are within.
fn distance_limit(distances: &[u16], largest: usize, count: usize) -> u16 {
    let mut rows_at = vec![0_usize; largest + 1];
    for distance in distances {
        if let Some(rows) = rows_at.get_mut(usize::from(*distance)) {
            *rows += 1;
        }
    }
    let mut within = 0;
    for (distance, rows) in (0_u16..).zip(rows_at) {
        within += rows;
        if within >= count {
            return distance;
        }
    }
    u16::MAX
}

fn push_signs<'a>(words: &mut Vec<u64>, values: impl Iterator<Item = (f32, &'a f32)>) {
    let (mut word, mut bits) = (0_u64, 0);
    for (value, mean) in values {
        word |= u64::from(value > *mean) << bits;
        bits += 1;
        if bits == 64 {
            words.push(word);
            (word, bits) = (0, 0);
        }
    }
    if bits > 0 {
        words.push(word);
    }
}
