//! Rows in order as a [`Store`]: what is said of ranges is known before they come, and one partial at a time is in memory.

use crate::error::Error;
use crate::fleet::read::MAX_PARTIAL;
use crate::fleet::reading::{Chunk, Piece, Reading};
use crate::fleet::row::Row;
use crate::fleet::store::Store;

/// Readings, and rows in the order of `capture`, `from`, `to`, `start`, `part` and `chunk`. Partials can be asked for once, in that order.
/// Rows that are not asked for are passed over, as are rows of ranges; rows that are there twice count once.
pub struct Ordered<I> {
    readings: Vec<Reading>,
    rows: I,
    /// Where the rows are.
    last: Option<(Piece, u32)>,
}

impl<I: Iterator<Item = Result<Row, Error>>> Ordered<I> {
    /// Of what is said of ranges, and the rows of their partials. Readings without rows are seen only when their partials are asked for.
    pub fn new(readings: Vec<Reading>, rows: I) -> Self {
        Self { readings, rows, last: None }
    }

    /// The next chunk; none after the last one.
    fn take(&mut self) -> Result<Option<Box<Chunk>>, Error> {
        while let Some(row) = self.rows.next().transpose()? {
            let Row::Part(plan, chunk) = row else { continue };
            if self.readings.first().is_some_and(|reading| reading.task.plan != plan) {
                return Err(Error::usage("a row is of another plan than the proofs", "give the rows of one plan"));
            }
            let place = (chunk.of, chunk.chunk);
            if self.last.is_some_and(|last| place < last) {
                return Err(self.missing(&chunk.of));
            }
            self.last = Some(place);
            return Ok(Some(chunk));
        }
        Ok(None)
    }

    /// The path of a capture. Rows may come from anyone, so that its number may be one that no range has.
    fn name(&self, capture: u32) -> String {
        let of_capture = self.readings.iter().find(|reading| reading.task.capture == capture);
        of_capture.map_or_else(|| format!("capture {capture}"), |reading| reading.task.name.clone())
    }

    /// A row that is not where it should be.
    fn missing(&self, of: &Piece) -> Error {
        let Piece { capture, from, .. } = *of;
        let what = format!(
            "{}: the range from offset {from} lacks some of its rows, or the rows are not in order",
            self.name(capture)
        );
        Error::usage(what, "sort them by capture, from, to, start, part and chunk, or give no proofs")
    }
}

impl<I: Iterator<Item = Result<Row, Error>>> Store for Ordered<I> {
    fn readings(&self) -> &[Reading] {
        &self.readings
    }

    /// Not known before the rows come. One that does not come is told of when it is asked for.
    fn has(&self, _: &Piece) -> bool {
        true
    }

    fn partial(&mut self, piece: &Piece) -> Result<Option<(u64, Vec<u8>)>, Error> {
        let (mut bytes, mut taken) = (Vec::new(), 0);
        while let Some(chunk) = self.take()? {
            if chunk.of < *piece || chunk.of == *piece && chunk.chunk < taken {
                continue;
            }
            if chunk.of > *piece || chunk.chunk > taken {
                break;
            }
            bytes.extend_from_slice(&chunk.bytes);
            taken += 1;
            if bytes.len() > MAX_PARTIAL {
                let (name, from) = (self.name(piece.capture), piece.from);
                let what =
                    format!("{name}: a partial of the range from offset {from} has more than {MAX_PARTIAL} bytes");
                return Err(Error::usage(what, "give what `whither.fleet.read` gave"));
            }
            if taken >= chunk.chunks {
                return Ok(Some((chunk.base, bytes)));
            }
        }
        Err(self.missing(piece))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_capture_that_no_range_is_of_are_named_by_its_number() {
        let of = |from: u64| Piece { capture: 7, from, to: from + 1, start: from, part: 0 };
        let row = |from: u64| {
            let chunk = Chunk { of: of(from), base: 0, chunk: 0, chunks: 1, bytes: Vec::new() };
            Ok(Row::Part("plan".to_owned(), Box::new(chunk)))
        };
        let mut ordered = Ordered::new(Vec::new(), [row(5), row(3)].into_iter());
        let error = ordered.partial(&of(6)).unwrap_err().to_string();
        assert!(error.starts_with("capture 7: the range from offset 3 lacks some of its rows"), "{error}");
    }
}
