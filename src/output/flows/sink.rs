//! Where records of flows end up, one after the other.

use super::writer::{FlowWriter, Out};
use std::io;

/// Takes records in their order.
pub trait FlowSink: Send {
    /// Takes a record as a writer of the format made it.
    ///
    /// # Errors
    /// If it cannot be written.
    fn record(&mut self, record: &[u8]) -> io::Result<()>;
    /// Writes what is left, and what comes after the last record.
    ///
    /// # Errors
    /// If it cannot be written.
    fn finish(&mut self) -> io::Result<()>;
}

/// Records are written in pieces of about this size.
const PIECE: usize = 1 << 18;

/// Records as their writers made them.
struct Text {
    writer: Box<dyn FlowWriter>,
    piece: Vec<u8>,
    out: Out,
}

/// Begins a format of text.
pub(super) fn text(mut writer: Box<dyn FlowWriter>, out: Out) -> io::Result<Box<dyn FlowSink>> {
    let mut piece = Vec::with_capacity(PIECE + (PIECE >> 2));
    writer.header(&mut piece);
    Ok(Box::new(Text { writer, piece, out }))
}

impl FlowSink for Text {
    fn record(&mut self, record: &[u8]) -> io::Result<()> {
        self.piece.extend_from_slice(record);
        if self.piece.len() < PIECE {
            return Ok(());
        }
        let written = self.out.write_all(&self.piece);
        self.piece.clear();
        written
    }

    fn finish(&mut self) -> io::Result<()> {
        self.writer.finish(&mut self.piece);
        self.out.write_all(&self.piece)?;
        self.out.flush()
    }
}
