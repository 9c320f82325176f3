//! Groups as text. In: the arranged groups. Out: lines in the canonical spacing.

use super::tree::{Group, Item, Line, Written};

/// How many columns a line with brackets may have; comments beside it do not count.
const WIDEST: usize = 100;

/// The text of a whole file, with a line break at its end.
pub(super) fn write(root: &Group) -> String {
    let mut out = String::new();
    lines(&root.head, 0, &mut out);
    items(root, 0, &mut out);
    out.truncate(out.trim_end_matches('\n').len());
    out.push('\n');
    out
}

fn items(group: &Group, indent: usize, out: &mut String) {
    for (index, item) in group.items.iter().enumerate() {
        let is_first = index == 0;
        if is_first && !group.head.is_empty() {
            lines(&[Line::Blank], indent, out);
        }
        lines(if is_first { without_blanks(&item.above) } else { &item.above }, indent, out);
        self::item(item, group.is_list, indent, out);
    }
    lines(
        if group.items.is_empty() { without_blanks(&group.tail) } else { &group.tail },
        indent,
        out,
    );
}

/// A blank line at the beginning separates nothing.
fn without_blanks(lines: &[Line]) -> &[Line] {
    let first = lines.iter().position(|line| *line != Line::Blank).unwrap_or(lines.len());
    lines.get(first..).unwrap_or_default()
}

fn lines(lines: &[Line], indent: usize, out: &mut String) {
    for line in lines {
        match line {
            Line::Blank if out.ends_with("\n\n") || out.is_empty() => {}
            Line::Blank => out.push('\n'),
            Line::Comment(text) => {
                pad(indent, out);
                out.push_str(text);
                out.push('\n');
            }
        }
    }
}

fn item(item: &Item, is_list: bool, indent: usize, out: &mut String) {
    pad(indent, out);
    let lead = if is_list { "-".to_owned() } else { format!("{}:", item.key) };
    out.push_str(&lead);
    match &item.value {
        Written::Scalar(text) => {
            if !text.is_empty() {
                out.push(' ');
                out.push_str(text);
            }
            beside(item, out);
        }
        Written::Block(header, text) => {
            out.push(' ');
            out.push_str(header);
            beside(item, out);
            block(text, indent + 2, out);
        }
        Written::Group(group) => match on_one_line(group, indent + lead.chars().count() + 1) {
            Some(text) => {
                out.push(' ');
                out.push_str(&text);
                beside(item, out);
            }
            None => nested(group, item, is_list, indent, out),
        },
    }
}

/// A group on lines of its own. A map in a list begins beside its dash.
fn nested(group: &Group, item: &Item, is_list: bool, indent: usize, out: &mut String) {
    let first = group.items.first();
    let plain = first.is_some_and(|first| !first.above.iter().any(is_comment));
    if is_list && !group.is_list && item.beside.is_none() && plain {
        let mut text = String::new();
        items(group, indent + 2, &mut text);
        out.push(' ');
        out.push_str(text.trim_start());
        return;
    }
    beside(item, out);
    items(group, indent + 2, out);
}

fn is_comment(line: &Line) -> bool {
    matches!(line, Line::Comment(_))
}

fn beside(item: &Item, out: &mut String) {
    if let Some(comment) = &item.beside {
        out.push(' ');
        out.push_str(comment);
    }
    out.push('\n');
}

fn block(text: &[String], indent: usize, out: &mut String) {
    for line in text {
        if !line.is_empty() {
            pad(indent, out);
        }
        out.push_str(line);
        out.push('\n');
    }
}

/// A group in brackets, if that is how it was written and it fits behind so many columns.
fn on_one_line(group: &Group, column: usize) -> Option<String> {
    if !group.flow || group.has_comments() {
        return None;
    }
    let text = brackets(group);
    (column + text.chars().count() <= WIDEST || group.items.is_empty()).then_some(text)
}

fn brackets(group: &Group) -> String {
    let item = |item: &Item| {
        let value = match &item.value {
            Written::Scalar(text) | Written::Block(text, _) => text.clone(),
            Written::Group(group) => brackets(group),
        };
        if group.is_list { value } else { format!("{}: {value}", item.key) }
    };
    let items = group.items.iter().map(item).collect::<Vec<_>>().join(", ");
    match (group.is_list, items.is_empty()) {
        (true, _) => format!("[{items}]"),
        (false, true) => "{}".to_owned(),
        (false, false) => format!("{{ {items} }}"),
    }
}

fn pad(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
}
