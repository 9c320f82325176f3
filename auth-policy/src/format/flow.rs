//! Maps and lists in brackets. In: a text that begins with one. Out: the group with the comments
//! inside it, and how many bytes it takes.

use super::tree::{Group, Item, Line, Written};

/// Where it stopped, in bytes, and what stands there.
pub(super) type Fault = (usize, &'static str);

/// Reads one group. INVARIANT: the text begins with `{` or `[`.
pub(super) fn read(text: &str) -> Result<(Group, usize), Fault> {
    let mut reader = Reader { text, at: 0 };
    let group = reader.group()?;
    Ok((group, reader.at))
}

/// How long the quoted string is that the text begins with; nothing if it does not end on its line.
pub(super) fn quoted_end(text: &str) -> Option<usize> {
    let mut characters = text.char_indices();
    let (_, quote) = characters.next()?;
    let mut characters = characters.peekable();
    while let Some((at, c)) = characters.next() {
        match c {
            '\n' => return None,
            '\\' if quote == '"' => drop(characters.next()),
            // In single quotes, two of them are one.
            '\'' if quote == '\'' && characters.peek().is_some_and(|(_, next)| *next == '\'') => {
                characters.next();
            }
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn fault<T>(&self, reason: &'static str) -> Result<T, Fault> {
        Err((self.at, reason))
    }

    /// The next character is taken if it is this one.
    fn take(&mut self, c: char) -> bool {
        let found = self.rest().starts_with(c);
        self.at += if found { c.len_utf8() } else { 0 };
        found
    }

    fn group(&mut self) -> Result<Group, Fault> {
        let is_list = self.rest().starts_with('[');
        self.at += 1;
        let close = if is_list { ']' } else { '}' };
        let mut group = Group { is_list, flow: true, ..Group::default() };
        let mut above = self.skip(&mut group)?;
        while !self.take(close) {
            group.items.push(self.item(is_list, std::mem::take(&mut above))?);
            let before = self.skip(&mut group)?;
            let more = self.take(',');
            above = before;
            above.extend(self.skip(&mut group)?);
            if !more && !self.rest().starts_with(close) {
                return self.fault("a comma or a bracket is expected here");
            }
        }
        if group.items.is_empty() && !above.is_empty() {
            return self.fault("a comment in brackets with nothing in them");
        }
        group.tail = above;
        Ok(group)
    }

    fn item(&mut self, is_list: bool, above: Vec<Line>) -> Result<Item, Fault> {
        let key = if is_list { String::new() } else { self.key()? };
        let value = match self.rest().chars().next() {
            Some('{' | '[') => Written::Group(self.group()?),
            _ => Written::Scalar(self.scalar()?),
        };
        if is_list && self.rest().trim_start_matches(' ').starts_with(':') {
            return self.fault("a key in a list; write the braces of its map");
        }
        Ok(Item { above, key, value, beside: None })
    }

    fn key(&mut self) -> Result<String, Fault> {
        let key = self.scalar()?;
        self.blanks();
        if !self.take(':') {
            return self.fault("a key without a value");
        }
        self.blanks();
        if self.rest().starts_with(['\n', '\r', '#']) {
            return self.fault("a line that ends between a key and its value");
        }
        Ok(key)
    }

    fn scalar(&mut self) -> Result<String, Fault> {
        let rest = self.rest();
        let end = if rest.starts_with(['"', '\'']) { quoted_end(rest) } else { plain_end(rest) };
        let Some(end) = end else {
            return self.fault("a value that goes over several lines, or none");
        };
        let text = rest.get(..end).unwrap_or_default().to_owned();
        self.at += end;
        Ok(text)
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches(' ').len();
    }

    /// Passes blanks, line breaks and comments. A comment on the line of the item before belongs to
    /// that; the others are handed back.
    fn skip(&mut self, group: &mut Group) -> Result<Vec<Line>, Fault> {
        let mut lines = Vec::new();
        let mut same_line = true;
        loop {
            self.blanks();
            if self.rest().starts_with('#') {
                let line = self.rest().lines().next().unwrap_or_default();
                let (text, length) = (line.trim_end().to_owned(), line.len());
                self.at += length;
                match group.items.last_mut().filter(|item| same_line && item.beside.is_none()) {
                    Some(item) => item.beside = Some(text),
                    None => lines.push(Line::Comment(text)),
                }
            } else if self.take('\n') {
                same_line = false;
            } else if !self.take('\r') {
                return Ok(lines);
            }
        }
    }
}

/// Where a plain scalar in brackets ends; nothing if there is none.
fn plain_end(text: &str) -> Option<usize> {
    let mut end = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        let ends = match c {
            ',' | '[' | ']' | '{' | '}' | '\n' | '\r' => true,
            ':' => next
                .is_none_or(|next| matches!(next, ' ' | ',' | '[' | ']' | '{' | '}' | '\n' | '\r')),
            ' ' => next == Some('#'),
            _ => false,
        };
        if ends {
            break;
        }
        if c != ' ' {
            end = at + c.len_utf8();
        }
    }
    (end > 0).then_some(end)
}
