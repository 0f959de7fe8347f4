//! Vectors in eight bits a number, and the table in which all of them are compared with a query.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, params};

use crate::database::{
    EMBEDDING_MODEL, begin_write, increase_generation, read_generation, read_setting, write_setting,
};
use crate::signs::SignTable;

/// The largest number of a stored vector.
const STORED_RANGE: f32 = 127.0;
/// The largest number of a query's vector: products of two stay within 16 bits times 8.
const QUERY_RANGE: f32 = 4095.0;
/// The products that are added before the next ones, as many as a processor adds at once.
const LANES: usize = 32;
/// The bytes of a stored vector before its numbers: the factor that they are multiplied with.
const FACTOR_BYTES: usize = 4;
/// The vectors of the largest table that is compared as a whole.
const MAX_COMPARED_TABLE: usize = 20_000;
/// The vectors of a larger one that are compared, those whose signs are most similar.
const COMPARED_ROWS: usize = 3000;
/// The longest vector, so that no sum exceeds 32 bits.
pub(crate) const MAX_DIMENSION: usize = 4096;

/// The vectors of all chunks that have one, in the order of the chunks.
#[derive(Debug, Default)]
pub(crate) struct VectorTable {
    generation: i64,
    model: String,
    dimension: usize,
    chunk_ids: Vec<i64>,
    factors: Vec<f32>,
    numbers: Vec<i8>,
    /// For a table that is too large to compare all of it.
    signs: Option<SignTable>,
}

/// The table that was loaded last.
#[derive(Debug, Default)]
pub(crate) struct VectorCache(Mutex<Option<Arc<VectorTable>>>);

impl VectorCache {
    /// The table of the present state, loaded again if that changed.
    pub(crate) fn load_table(
        &self,
        connection: &Connection,
        model: &str,
    ) -> rusqlite::Result<Arc<VectorTable>> {
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let generation = read_generation(connection)?;
        if let Some(table) = cached.as_ref()
            && table.generation == generation
            && table.model == model
        {
            return Ok(Arc::clone(table));
        }
        // The old one is not needed beside the new one.
        *cached = None;
        let table = Arc::new(read_table(connection, model, generation)?);
        *cached = Some(Arc::clone(&table));
        Ok(table)
    }
}

fn read_table(
    connection: &Connection,
    model: &str,
    generation: i64,
) -> rusqlite::Result<VectorTable> {
    let mut table = VectorTable { generation, model: model.to_owned(), ..VectorTable::default() };
    if read_setting::<String>(connection, EMBEDDING_MODEL)?.as_deref() != Some(model) {
        return Ok(table);
    }
    let mut select = connection.prepare(
        "SELECT chunk.id, vector FROM chunk JOIN embedding USING (hash) ORDER BY chunk.id",
    )?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(1)?.as_blob()?;
        let Some((factor, numbers)) = bytes.split_first_chunk::<FACTOR_BYTES>() else { continue };
        if table.chunk_ids.is_empty() {
            table.dimension = numbers.len();
        }
        if numbers.len() != table.dimension || numbers.is_empty() {
            continue;
        }
        table.chunk_ids.push(row.get(0)?);
        table.factors.push(f32::from_le_bytes(*factor));
        table.numbers.extend(numbers.iter().map(|number| number.cast_signed()));
    }
    table.index_signs();
    Ok(table)
}

impl VectorTable {
    /// Prepares a query; `None` when the vectors have other dimensions, or it has no direction.
    fn prepare_query(&self, query: &[f32]) -> Option<PreparedQuery> {
        if query.len() != self.dimension || self.dimension == 0 {
            return None;
        }
        let (numbers, factor) = quantize_query(query)?;
        Some(PreparedQuery { numbers, factor })
    }

    fn cosine(&self, index: usize, query: &PreparedQuery) -> f32 {
        let begin = index * self.dimension;
        let row = self.numbers.get(begin..begin + self.dimension).unwrap_or_default();
        let own = self.factors.get(index).copied().unwrap_or_default();
        to_float(dot_product(row, &query.numbers)) * own * query.factor
    }

    /// Whether the vectors are those of the model.
    pub(crate) fn has_model(&self, model: &str) -> bool {
        self.model == model && !self.chunk_ids.is_empty()
    }

    /// The most similar chunks with their cosines, the best first.
    pub(crate) fn nearest_chunks(&self, query: &[f32], count: usize) -> NearestChunks<'_> {
        let Some(prepared) = self.prepare_query(query) else {
            return NearestChunks { table: self, query: None, best: Vec::new() };
        };
        let rows = match &self.signs {
            Some(signs) => signs.nearest_rows(query, COMPARED_ROWS),
            None => (0..self.chunk_ids.len()).collect(),
        };
        let mut order: Vec<(usize, f32)> =
            rows.into_iter().map(|index| (index, self.cosine(index, &prepared))).collect();
        let by_cosine = |a: &(usize, f32), b: &(usize, f32)| b.1.total_cmp(&a.1);
        if order.len() > count && count > 0 {
            order.select_nth_unstable_by(count - 1, by_cosine);
        }
        order.truncate(count);
        order.sort_unstable_by(by_cosine);
        let best = order
            .iter()
            .filter_map(|(index, cosine)| Some((*self.chunk_ids.get(*index)?, *cosine)))
            .collect();
        NearestChunks { table: self, query: Some(prepared), best }
    }

    /// Makes the signs of a large table.
    fn index_signs(&mut self) {
        if self.chunk_ids.len() > MAX_COMPARED_TABLE {
            self.signs = Some(SignTable::new(&self.numbers, &self.factors, self.dimension));
        }
    }
}

/// A query's vector.
#[derive(Debug)]
struct PreparedQuery {
    numbers: Vec<i16>,
    factor: f32,
}

/// The chunks of a table by their similarity to a query.
#[derive(Debug)]
pub(crate) struct NearestChunks<'a> {
    table: &'a VectorTable,
    query: Option<PreparedQuery>,
    /// The best chunks.
    pub(crate) best: Vec<(i64, f32)>,
}

impl NearestChunks<'_> {
    /// The cosine of a chunk; `None` when it has no vector.
    pub(crate) fn find_cosine(&self, chunk: i64) -> Option<f32> {
        let index = self.table.chunk_ids.binary_search(&chunk).ok()?;
        Some(self.table.cosine(index, self.query.as_ref()?))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a cosine needs no more than a float has")]
fn to_float(number: i32) -> f32 {
    number as f32
}

/// Written so that the compiler multiplies many numbers at once.
fn dot_product(row: &[i8], query: &[i16]) -> i32 {
    let mut sums = [0_i32; LANES];
    let (row_parts, row_rest) = row.as_chunks::<LANES>();
    let (query_parts, query_rest) = query.as_chunks::<LANES>();
    for (row, query) in row_parts.iter().zip(query_parts) {
        for ((sum, a), b) in sums.iter_mut().zip(row).zip(query) {
            *sum += i32::from(i16::from(*a)) * i32::from(*b);
        }
    }
    let rest = row_rest.iter().zip(query_rest).map(|(a, b)| i32::from(*a) * i32::from(*b));
    sums.iter().sum::<i32>() + rest.sum::<i32>()
}

/// Scales a vector to the length 1, and gives its numbers in steps and the size of a step; `None`
/// for one without direction.
fn quantize(vector: &[f32], range: f32) -> Option<(impl Iterator<Item = f32>, f32)> {
    let length = vector.iter().map(|number| f64::from(*number).powi(2)).sum::<f64>().sqrt();
    let largest = vector.iter().fold(0.0_f32, |largest, number| largest.max(number.abs()));
    let is_usable = length.is_finite() && length > 0.0 && largest > 0.0;
    #[expect(clippy::cast_possible_truncation, reason = "a float is precise enough")]
    let step = (f64::from(largest) / length) as f32 / range;
    is_usable.then(|| (vector.iter().map(move |number| (number / largest * range).round()), step))
}

#[expect(clippy::cast_possible_truncation, reason = "the range is that of the type")]
fn quantize_query(vector: &[f32]) -> Option<(Vec<i16>, f32)> {
    let (numbers, step) = quantize(vector, QUERY_RANGE)?;
    Some((numbers.map(|number| number as i16).collect(), step))
}

/// A vector as it is stored; `None` for one without direction.
#[expect(clippy::cast_possible_truncation, reason = "the range is that of the type")]
fn encode_vector(vector: &[f32]) -> Option<Vec<u8>> {
    let (numbers, step) = quantize(vector, STORED_RANGE)?;
    let mut bytes = step.to_le_bytes().to_vec();
    bytes.extend(numbers.map(|number| (number as i8).cast_unsigned()));
    Some(bytes)
}

/// A text without a vector.
#[derive(Debug, Clone)]
pub(crate) struct PendingText {
    pub(crate) hash: Vec<u8>,
    pub(crate) text: String,
}

/// Texts that have no vector of this model, at most `count`, in the order of their hashes from
/// `after` on. Vectors of another model are removed.
pub(crate) fn find_pending_texts(
    connection: &mut Connection,
    model: &str,
    after: &[u8],
    count: usize,
) -> rusqlite::Result<Vec<PendingText>> {
    if read_setting::<String>(connection, EMBEDDING_MODEL)?.as_deref() != Some(model) {
        let transaction = begin_write(connection)?;
        transaction.execute("DELETE FROM embedding", [])?;
        write_setting(&transaction, EMBEDDING_MODEL, model)?;
        increase_generation(&transaction)?;
        transaction.commit()?;
    }
    let mut select = connection.prepare(
        "SELECT hash, text FROM chunk
         WHERE hash > ?1 AND NOT EXISTS
            (SELECT 1 FROM embedding WHERE embedding.hash = chunk.hash)
         GROUP BY hash LIMIT ?2",
    )?;
    let rows = select.query_map(params![after, count], |row| {
        Ok(PendingText { hash: row.get(0)?, text: row.get(1)? })
    })?;
    rows.collect()
}

/// Stores vectors, if they are still those of the index's model.
pub(crate) fn store_vectors(
    connection: &mut Connection,
    model: &str,
    texts: &[PendingText],
    vectors: &[Vec<f32>],
) -> rusqlite::Result<()> {
    let transaction = begin_write(connection)?;
    if read_setting::<String>(&transaction, EMBEDDING_MODEL)?.as_deref() != Some(model) {
        return Ok(());
    }
    // The model is served with other dimensions than before.
    let stored: Option<usize> = transaction
        .query_row("SELECT length(vector) FROM embedding LIMIT 1", [], |row| row.get(0))
        .map_or_else(
            |error| match error {
                rusqlite::Error::QueryReturnedNoRows => Ok(None),
                other => Err(other),
            },
            |length| Ok(Some(length)),
        )?;
    let new = vectors.first().map(|vector| vector.len() + FACTOR_BYTES);
    if stored.is_some() && stored != new {
        transaction.execute("DELETE FROM embedding", [])?;
    }
    {
        let mut insert = transaction
            .prepare("INSERT OR REPLACE INTO embedding (hash, vector) VALUES (?1, ?2)")?;
        for (text, vector) in texts.iter().zip(vectors) {
            // One without direction is similar to nothing.
            let bytes = encode_vector(vector);
            let bytes = bytes.unwrap_or_else(|| vec![0; FACTOR_BYTES + vector.len()]);
            insert.execute(params![text.hash, bytes])?;
        }
    }
    increase_generation(&transaction)?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn table(vectors: &[Vec<f32>]) -> VectorTable {
        let mut table = VectorTable { dimension: vectors[0].len(), ..VectorTable::default() };
        for (vector, id) in vectors.iter().zip(1..) {
            let bytes = encode_vector(vector).unwrap();
            let (factor, numbers) = bytes.split_first_chunk::<FACTOR_BYTES>().unwrap();
            table.chunk_ids.push(id);
            table.factors.push(f32::from_le_bytes(*factor));
            table.numbers.extend(numbers.iter().map(|number| number.cast_signed()));
        }
        table
    }

    fn cosine(a: &[f32], b: &[f32]) -> f32 {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        dot(a, b) / (dot(a, a).sqrt() * dot(b, b).sqrt())
    }

    #[test]
    fn the_nearest_are_first_and_others_can_be_asked_for() {
        let table = table(&[vec![0.0, 1.0], vec![1.0, 0.0], vec![3.0, 3.0]]);
        let nearest = table.nearest_chunks(&[0.5, 0.0], 2);
        let ids: Vec<i64> = nearest.best.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, [2, 3]);
        assert!((nearest.best[1].1 - 0.707).abs() < 0.01, "{:?}", nearest.best);
        assert!(nearest.find_cosine(1).unwrap().abs() < 0.01);
        assert_eq!(nearest.find_cosine(4), None);
        assert!(table.nearest_chunks(&[1.0], 2).best.is_empty(), "other dimensions");
        assert!(table.nearest_chunks(&[0.0, 0.0], 2).best.is_empty(), "no direction");
    }

    #[test]
    fn the_longest_vector_of_the_largest_numbers_does_not_overflow() {
        let vector = vec![1.0; MAX_DIMENSION];
        let table = table(std::slice::from_ref(&vector));
        let nearest = table.nearest_chunks(&vector, 1);
        assert!((nearest.best[0].1 - 1.0).abs() < 0.01, "{nearest:?}");
    }

    proptest! {
        #[test]
        fn eight_bits_are_as_good_as_floats(
            a in proptest::collection::vec(-1.0_f32..1.0, 100),
            b in proptest::collection::vec(-1.0_f32..1.0, 100),
        ) {
            let table = table(std::slice::from_ref(&a));
            let found = table.nearest_chunks(&b, 1).best[0].1;
            prop_assert!((found - cosine(&a, &b)).abs() < 0.02);
        }
    }

    /// Numbers that look random and are the same each time, from -1 to 1.
    fn random_vector(seed: &mut u64, size: usize) -> Vec<f32> {
        let mut next = || {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            f32::from(u16::try_from(*seed >> 48).unwrap()) / 32_768.0 - 1.0
        };
        std::iter::repeat_with(&mut next).take(size).collect()
    }

    #[test]
    fn signs_find_what_a_comparison_with_all_finds() {
        let mut seed = 7;
        // Groups of similar vectors that all point into one direction, as those of models do.
        let common = random_vector(&mut seed, 64);
        let topics: Vec<_> = (0..300).map(|_| random_vector(&mut seed, 64)).collect();
        let mut near_topic = |topic: usize| -> Vec<f32> {
            let own = random_vector(&mut seed, 64);
            let parts = common.iter().zip(&topics[topic]).zip(&own);
            parts.map(|((common, topic), own)| common * 2.0 + topic + own * 0.7).collect()
        };
        let vectors: Vec<_> = (0..MAX_COMPARED_TABLE + 1000).map(|n| near_topic(n % 300)).collect();
        let queries: Vec<_> = (0..20).map(|n| near_topic(n * 7)).collect();
        let mut table = table(&vectors);
        let exact: Vec<_> = queries.iter().map(|it| table.nearest_chunks(it, 10).best).collect();
        table.index_signs();
        assert!(table.signs.is_some());
        let mut missed = 0;
        for (query, exact) in queries.iter().zip(exact) {
            let found = table.nearest_chunks(query, 10).best;
            missed += exact.iter().filter(|hit| !found.contains(hit)).count();
        }
        assert!(missed <= 2, "{missed} of 200 are missed");
    }
}
