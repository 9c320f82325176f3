//! A text taken apart. In: what the parser finds. Out: maps, lists and scalars as they are written,
//! each with the comments that belong to it.

/// A map or a list.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub(super) is_list: bool,
    /// Whether it stands in brackets.
    pub(super) flow: bool,
    pub(super) items: Vec<Item>,
    /// Comments that stand above everything; of the whole file alone.
    pub(super) head: Vec<Line>,
    /// Comments after the last item.
    pub(super) tail: Vec<Line>,
}

/// A key with its value, or a value in a list.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// What stands on the lines above it.
    pub(super) above: Vec<Line>,
    /// As written, quotes included; empty in a list.
    pub(super) key: String,
    pub(super) value: Written,
    /// The comment on its line.
    pub(super) beside: Option<String>,
}

/// A value as written.
#[derive(Clone, Debug)]
pub(super) enum Written {
    /// On one line, quotes included; empty if nothing stands there.
    Scalar(String),
    /// `|` or `>`, and the lines below without their common indentation.
    Block(String, Vec<String>),
    Group(Group),
}

/// A line without a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Blank,
    /// With its `#`.
    Comment(String),
}

impl Group {
    /// Whether it cannot stand on one line, however long that were.
    pub(super) fn has_comments(&self) -> bool {
        !self.comments().is_empty()
    }

    /// All comments in it, in the order of the text.
    pub(super) fn comments(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect(&self, found: &mut Vec<String>) {
        found.extend(texts(&self.head));
        for item in &self.items {
            found.extend(texts(&item.above));
            found.extend(item.beside.clone());
            if let Written::Group(group) = &item.value {
                group.collect(found);
            }
        }
        found.extend(texts(&self.tail));
    }
}

fn texts(lines: &[Line]) -> impl Iterator<Item = String> + '_ {
    lines.iter().filter_map(|line| match line {
        Line::Blank => None,
        Line::Comment(text) => Some(text.clone()),
    })
}
