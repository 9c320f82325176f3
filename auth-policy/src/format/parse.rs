//! Lines taken apart by their indentation. In: the text of a policy, which is known to be YAML
//! without anchors and tags. Out: its groups with their comments, or the line that stands in the way.
//!
//! It knows less than YAML allows. What it takes for something else than YAML does is found when
//! the result is proved.

use super::{
    FormatError,
    flow::{self, quoted_end},
    tree::{Group, Item, Line, Written},
};
use crate::source::to_u32;

/// The whole file as one group.
pub(super) fn parse(text: &str) -> Result<Group, FormatError> {
    let mut offset = 0;
    let mut rows = Vec::new();
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches(['\n', '\r']);
        let content = bare.trim_start_matches(' ');
        rows.push(Row { offset, indent: bare.len() - content.len(), content });
        offset += line.len();
    }
    let mut parser = Parser { text, rows, at: 0 };
    let Some(first) = parser.next_content() else {
        return Ok(Group { tail: parser.above(), ..Group::default() });
    };
    let indent = first.indent;
    let group = parser.group(indent, 0)?;
    match parser.next_content() {
        Some(_) => Err(parser.fault("this is indented less than what stands above it")),
        None => Ok(group),
    }
}

/// A line, as far as it is not parsed yet.
#[derive(Clone, Copy)]
struct Row<'t> {
    /// Where the line begins in the text.
    offset: usize,
    indent: usize,
    /// What follows the indentation.
    content: &'t str,
}

impl Row<'_> {
    fn is_bare(&self) -> bool {
        let content = self.content.trim();
        content.is_empty() || content.starts_with('#')
    }

    fn is_dash(&self) -> bool {
        self.content.trim_end() == "-" || self.content.starts_with("- ")
    }
}

struct Parser<'t> {
    text: &'t str,
    rows: Vec<Row<'t>>,
    at: usize,
}

impl<'t> Parser<'t> {
    fn fault(&self, reason: &'static str) -> FormatError {
        FormatError::Unsafe { line: to_u32(self.at + 1), reason }
    }

    fn row(&self) -> Option<Row<'t>> {
        self.rows.get(self.at).copied()
    }

    /// The next line that holds something; the ones before stay where they are.
    fn next_content(&self) -> Option<Row<'t>> {
        self.rows.iter().skip(self.at).find(|row| !row.is_bare()).copied()
    }

    /// Takes the blank lines and comments that come next.
    fn above(&mut self) -> Vec<Line> {
        let mut lines = Vec::new();
        while let Some(row) = self.row().filter(Row::is_bare) {
            lines.push(line(row.content));
            self.at += 1;
        }
        lines
    }

    /// The map or list whose items are indented so far. Comments after it that are indented by
    /// `tail` or more are its own.
    fn group(&mut self, indent: usize, tail: usize) -> Result<Group, FormatError> {
        let is_list = self.next_content().is_some_and(|row| row.is_dash());
        let mut group = Group { is_list, ..Group::default() };
        loop {
            let mark = self.at;
            let above = self.above();
            match self.row() {
                Some(row) if row.indent == indent && row.is_dash() == is_list => {
                    group.items.push(self.item(row, above)?);
                }
                Some(row) if row.indent > indent => {
                    return Err(self.fault("this is indented more than what it belongs to"));
                }
                _ => {
                    group.tail = self.tail(mark, tail);
                    return Ok(group);
                }
            }
        }
    }

    /// Goes back to `mark` and takes the comments that end a group.
    fn tail(&mut self, mark: usize, indent: usize) -> Vec<Line> {
        let rows = self.rows.get(mark..self.at).unwrap_or_default();
        let own = |row: &&Row<'_>| row.content.trim().is_empty() || row.indent >= indent;
        let rows: Vec<_> = rows.iter().take_while(own).collect();
        let last = rows.iter().rposition(|row| !row.content.trim().is_empty());
        let count = last.map_or(0, |last| last + 1);
        self.at = mark + count;
        rows.iter().take(count).map(|row| line(row.content)).collect()
    }

    fn item(&mut self, row: Row<'t>, above: Vec<Line>) -> Result<Item, FormatError> {
        if row.is_dash() {
            return self.list_item(row, above);
        }
        if matches!(row.content, "---" | "...") || row.content.starts_with("--- ") {
            return Err(self.fault("a policy needs no marks of documents; remove this one"));
        }
        let Some((key, rest)) = key_of(row.content) else {
            return Err(self.fault("a key with a colon is expected here"));
        };
        let (value, beside) = self.value(rest, row.indent, true)?;
        Ok(Item { above, key: key.to_owned(), value, beside })
    }

    fn list_item(&mut self, row: Row<'t>, above: Vec<Line>) -> Result<Item, FormatError> {
        let rest = row.content.get(1..).unwrap_or_default();
        let content = rest.trim_start_matches(' ');
        let key = String::new();
        if content.starts_with("- ") || content == "-" {
            return Err(self.fault("a list directly in a list; write it in brackets"));
        }
        if !content.starts_with('#') && key_of(content).is_some() {
            // `- role: reader`: the same as a map on lines of its own, indented as far.
            let indent = row.indent + row.content.len() - content.len();
            if let Some(row) = self.rows.get_mut(self.at) {
                row.indent = indent;
                row.content = content;
            }
            let group = self.group(indent, indent)?;
            return Ok(Item { above, key, value: Written::Group(group), beside: None });
        }
        let (value, beside) = self.value(rest, row.indent, false)?;
        Ok(Item { above, key, value, beside })
    }

    /// The value that begins with `rest` on this line, or stands below it, and the comment beside.
    fn value(
        &mut self,
        rest: &'t str,
        indent: usize,
        in_map: bool,
    ) -> Result<(Written, Option<String>), FormatError> {
        let value = rest.trim_start_matches(' ');
        match value.chars().next() {
            None | Some('#') => {
                self.at += 1;
                let value = self.below(indent, in_map)?;
                Ok((value, comment(rest)))
            }
            Some('|' | '>') => self.block_scalar(value, indent),
            Some('{' | '[') => self.flow(value),
            Some('?') if value.starts_with("? ") => Err(self.fault("a key that is no word")),
            Some('"' | '\'') => {
                let end = quoted_end(value)
                    .ok_or_else(|| self.fault("a quoted string that goes over several lines"))?;
                let (text, rest) = value.split_at_checked(end).unwrap_or((value, ""));
                self.end_of_line(text, rest)
            }
            Some(_) => {
                let end = value.find(" #").unwrap_or(value.len());
                let (text, rest) = value.split_at_checked(end).unwrap_or((value, ""));
                self.end_of_line(text.trim_end(), rest)
            }
        }
    }

    /// A scalar after which nothing but a comment stands on its line.
    fn end_of_line(
        &mut self,
        text: &str,
        rest: &str,
    ) -> Result<(Written, Option<String>), FormatError> {
        let beside = comment(rest);
        if beside.is_none() && !rest.trim().is_empty() {
            return Err(self.fault("something stands behind a quoted string"));
        }
        self.at += 1;
        Ok((Written::Scalar(text.to_owned()), beside))
    }

    /// The value of a key or a dash that ended its line.
    fn below(&mut self, indent: usize, in_map: bool) -> Result<Written, FormatError> {
        let Some(next) = self.next_content() else { return Ok(Written::Scalar(String::new())) };
        let flush = in_map && next.indent == indent && next.is_dash();
        if next.indent <= indent && !flush {
            return Ok(Written::Scalar(String::new()));
        }
        if next.is_dash() || key_of(next.content).is_some() {
            let tail = next.indent + usize::from(flush);
            return self.group(next.indent, tail).map(Written::Group);
        }
        if self.row().is_none_or(|row| row.is_bare()) {
            return Err(self.fault("a comment or a blank line stands between a key and its value"));
        }
        let (value, beside) = self.value(next.content, indent, in_map)?;
        match beside {
            None => Ok(value),
            Some(_) => {
                self.at = self.at.saturating_sub(1);
                Err(self.fault("a comment beside a value that does not stand beside its key"))
            }
        }
    }

    /// A map or a list in brackets, which may go over several lines.
    fn flow(&mut self, value: &str) -> Result<(Written, Option<String>), FormatError> {
        let Some(row) = self.row() else { return Err(self.fault("nothing stands here")) };
        let start = row.offset + line_length(self.text, row.offset) - value.len();
        let text = self.text.get(start..).unwrap_or_default();
        let (group, length) = flow::read(text).map_err(|(offset, reason)| {
            let before = text.get(..offset).unwrap_or_default().matches('\n').count();
            FormatError::Unsafe { line: to_u32(self.at + 1 + before), reason }
        })?;
        let read = text.get(..length).unwrap_or_default();
        self.at += read.matches('\n').count();
        let rest = text.get(length..).unwrap_or_default();
        let rest = rest.lines().next().unwrap_or_default();
        let beside = comment(rest);
        if beside.is_none() && !rest.trim().is_empty() {
            return Err(self.fault("something stands behind a bracket"));
        }
        self.at += 1;
        Ok((Written::Group(group), beside))
    }

    fn block_scalar(
        &mut self,
        value: &str,
        indent: usize,
    ) -> Result<(Written, Option<String>), FormatError> {
        let (header, rest) = value.split_once(' ').unwrap_or((value, ""));
        let header = header.trim_end();
        if !matches!(header, "|" | "|-" | "|+" | ">" | ">-" | ">+") {
            return Err(self.fault("a block of text with an indentation of its own"));
        }
        let beside = comment(rest);
        self.at += 1;
        let below = self.rows.get(self.at..).unwrap_or_default();
        let inside = |row: &&Row<'_>| row.content.trim().is_empty() || row.indent > indent;
        let mut rows: Vec<_> = below.iter().take_while(inside).copied().collect();
        if !header.ends_with('+') {
            let last = rows.iter().rposition(|row| !row.content.trim().is_empty());
            rows.truncate(last.map_or(0, |last| last + 1));
        }
        self.at += rows.len();
        let own =
            rows.iter().find(|row| !row.content.trim().is_empty()).map_or(0, |row| row.indent);
        let text = rows
            .iter()
            .map(|row| format!("{}{}", " ".repeat(row.indent.saturating_sub(own)), row.content));
        Ok((Written::Block(header.to_owned(), text.collect()), beside))
    }
}

/// The key a line begins with, quotes included, and what follows its colon.
fn key_of(content: &str) -> Option<(&str, &str)> {
    if content.starts_with(['{', '[', '#']) {
        return None;
    }
    let colon = if content.starts_with(['"', '\'']) {
        let end = quoted_end(content)?;
        let rest = content.get(end..)?;
        let blanks = rest.len() - rest.trim_start_matches(' ').len();
        rest.trim_start_matches(' ').starts_with(':').then_some(end + blanks)?
    } else {
        let ends = |(at, _): &(usize, &str)| {
            content.get(at + 1..).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        let (colon, _) = content.match_indices(':').find(ends)?;
        let is_comment = content.find(" #").is_some_and(|mark| mark < colon);
        (!is_comment).then_some(colon)?
    };
    let rest = content.get(colon + 1..)?;
    (rest.is_empty() || rest.starts_with(' ')).then_some((content.get(..colon)?.trim_end(), rest))
}

fn line(content: &str) -> Line {
    match content.trim() {
        "" => Line::Blank,
        text => Line::Comment(text.to_owned()),
    }
}

/// The comment that is all of a rest of a line.
fn comment(rest: &str) -> Option<String> {
    let text = rest.trim();
    text.starts_with('#').then(|| text.to_owned())
}

/// The length of the line that begins there, without its break.
fn line_length(text: &str, offset: usize) -> usize {
    let rest = text.get(offset..).unwrap_or_default();
    let line = rest.split('\n').next().unwrap_or_default();
    line.trim_end_matches('\r').len()
}
