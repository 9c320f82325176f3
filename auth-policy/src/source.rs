//! One policy file as text. In: its bytes and the path reviewers know it by. Out: lines, places
//! that lie inside it, and short excerpts with nothing secret and nothing invisible in them.

use std::{borrow::Cow, fs::File, io::Read, path::Path};

use crate::{lock::MAX_LOCK_BYTES, settings::Place};

mod excerpt;
mod secrecy;

pub(crate) use excerpt::{ShownLine, quoted, shown_line, width};

/// The largest policy that is read: 1 MiB.
pub const MAX_POLICY_BYTES: usize = 1024 * 1024;

/// A policy file as it was found: whatever the bytes are, [`check`](crate::check()) says so.
#[derive(Clone, Debug)]
pub struct Source {
    path: String,
    text: String,
    /// Where each line begins, as a byte offset.
    starts: Vec<u32>,
    fault: Option<Fault>,
}

/// Why the bytes are no text that could be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Longer than it may be; nothing of it was kept.
    TooLarge,
    /// The text ends before the first byte that is not UTF-8.
    NotUtf8(u8),
}

impl Source {
    /// Takes bytes for what they are. `path` appears in messages: best relative to the workspace.
    pub fn new(path: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self::within(&path.into(), bytes, MAX_POLICY_BYTES)
    }

    /// The same for the text of a lock, which may be up to
    /// [`MAX_LOCK_BYTES`](crate::lock::MAX_LOCK_BYTES) long.
    pub fn lock(path: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self::within(&path.into(), bytes, MAX_LOCK_BYTES)
    }

    fn within(path: &str, bytes: Vec<u8>, most: usize) -> Self {
        let (text, fault) = decode(bytes, most);
        let starts = line_starts(&text);
        Self { path: excerpt::cleaned(path), text, starts, fault }
    }

    /// Reads a file, but never more than one byte above [`MAX_POLICY_BYTES`].
    ///
    /// # Errors
    ///
    /// Those of opening and reading the file. What is wrong with its contents is no error here.
    pub fn read(file: &Path, label: impl Into<String>) -> std::io::Result<Self> {
        Ok(Self::new(label, read(file, MAX_POLICY_BYTES)?))
    }

    /// Reads a lock, but never more than one byte above
    /// [`MAX_LOCK_BYTES`](crate::lock::MAX_LOCK_BYTES).
    ///
    /// # Errors
    ///
    /// As those of [`read`](Self::read).
    pub fn read_lock(file: &Path, label: impl Into<String>) -> std::io::Result<Self> {
        Ok(Self::lock(label, read(file, MAX_LOCK_BYTES)?))
    }

    /// The path as messages show it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The text, up to the first byte that is not UTF-8. Empty if the file is too large.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn fault(&self) -> Option<Fault> {
        self.fault
    }

    /// How many lines there are; a line break at the end begins no further one.
    pub(crate) fn line_count(&self) -> u32 {
        let count = u32::try_from(self.starts.len()).unwrap_or(u32::MAX);
        if self.text.ends_with('\n') { count.saturating_sub(1).max(1) } else { count }
    }

    /// The text of a line, counted from 1, without its break.
    pub(crate) fn line(&self, number: u32) -> &str {
        let index = number.saturating_sub(1) as usize;
        let start = self.starts.get(index).map_or(self.text.len(), |start| *start as usize);
        let end = self.starts.get(index + 1).map_or(self.text.len(), |start| *start as usize);
        let line = self.text.get(start..end).unwrap_or_default();
        line.trim_end_matches(['\n', '\r'])
    }

    /// The place of a byte of the text.
    pub(crate) fn place_at(&self, offset: usize) -> Place {
        let line = self.starts.partition_point(|start| *start as usize <= offset);
        let start = self.starts.get(line.saturating_sub(1)).map_or(0, |start| *start as usize);
        let before = self.text.get(start..offset).unwrap_or_default();
        Place { line: to_u32(line.max(1)), column: to_u32(before.chars().count() + 1), length: 1 }
    }

    /// The same place, moved and cut so that it lies inside the file and on one line.
    pub(crate) fn clip(&self, place: Place) -> Place {
        let line = place.line.clamp(1, self.line_count());
        let width = to_u32(self.line(line).chars().count());
        let past = place.line > line;
        let column = if past { width + 1 } else { place.column.clamp(1, width + 1) };
        let room = (width + 1).saturating_sub(column).max(1);
        Place { line, column, length: place.length.clamp(1, room) }
    }

    /// A few lines for a compiler's message: the place, the line it is on and `label` below it.
    ///
    /// Values of keys that hold secrets are blotted out, and so is what a terminal would obey.
    pub fn excerpt(&self, place: Place, label: &str) -> String {
        excerpt::excerpt(self, self.clip(place), label)
    }
}

fn read(file: &Path, most: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn decode(bytes: Vec<u8>, most: usize) -> (String, Option<Fault>) {
    if bytes.len() > most {
        return (String::new(), Some(Fault::TooLarge));
    }
    match String::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let end = error.utf8_error().valid_up_to();
            let bytes = error.into_bytes();
            let byte = bytes.get(end).copied().unwrap_or_default();
            let text = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default());
            (Cow::into_owned(text), Some(Fault::NotUtf8(byte)))
        }
    }
}

fn line_starts(text: &str) -> Vec<u32> {
    let breaks = text.match_indices('\n').map(|(offset, _)| to_u32(offset + 1));
    std::iter::once(0).chain(breaks).collect()
}

pub(crate) fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_their_break_is() {
        let source = Source::new("a.yaml", b"one\r\ntwo\n".to_vec());
        assert_eq!((source.line(1), source.line(2), source.line(3)), ("one", "two", ""));
        assert_eq!(source.line_count(), 2);
    }

    #[test]
    fn a_place_past_the_end_is_moved_to_the_end() {
        let source = Source::new("a.yaml", b"one\ntwo".to_vec());
        let clipped = source.clip(Place { line: 9, column: 9, length: 9 });
        assert_eq!(clipped, Place { line: 2, column: 4, length: 1 });
    }

    #[test]
    fn text_stops_at_the_first_byte_that_is_not_utf8() {
        let source = Source::new("a.yaml", b"ok\n\xffrest".to_vec());
        assert_eq!(source.text(), "ok\n");
        assert_eq!(source.fault(), Some(Fault::NotUtf8(0xff)));
        assert_eq!(source.place_at(3), Place { line: 2, column: 1, length: 1 });
    }
}
