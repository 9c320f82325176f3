//! The canonical form of a policy's text. In: a source. Out: the same policy in one order and one
//! spacing with all its comments; or why that cannot be done safely.
//!
//! ```text
//! text ─ parse ─> Group, with comments ─ arrange ─> keys in order ─ write ─> text ─ prove ─> text
//! ```

use std::{error::Error, fmt};

use crate::{
    diagnostic::Diagnostic,
    report::Report,
    source::Source,
    yaml::{self, Node, Value},
};

mod arrange;
mod flow;
mod parse;
mod tree;
mod write;

/// Why a text is left as it is.
#[derive(Clone, Debug)]
pub enum FormatError {
    /// It is not YAML that a policy may be written in. The findings are those of `check`.
    Unreadable(Vec<Diagnostic>),
    /// It is, but in a way that this formatter does not know.
    Unsafe {
        /// The line, from 1.
        line: u32,
        /// What stands there.
        reason: &'static str,
    },
    /// What came out would not be the same policy with the same comments: a mistake of the
    /// formatter, not of the file.
    Changed,
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(_) => f.write_str("it cannot be read"),
            Self::Unsafe { line, reason } => write!(f, "line {line}: {reason}"),
            Self::Changed => f.write_str("its meaning or its comments would change"),
        }
    }
}

impl Error for FormatError {}

/// The text in its canonical form: keys of the language in the order of its documentation, names in
/// the order of their author, two spaces for each level, one blank line at most, and lists and maps
/// in brackets where they were and fit into 100 columns. Comments stay with their lines.
///
/// The policy need not be sound: whatever can be read can be formatted.
///
/// # Errors
///
/// When the text cannot be read, or is written in a way that is not formatted, such as a string
/// that goes over several lines. What comes out was read again and means the same.
///
/// # Example
///
/// ```
/// use auth_policy::{Source, format};
///
/// let text = "roles:   # who\n    reader: {grants: [ read:posts ]}\nversion: 1\n";
/// let formatted = format(&Source::new("p.yaml", text.into()))?;
/// assert_eq!(formatted, "version: 1\nroles: # who\n  reader: { grants: [read:posts] }\n");
/// # Ok::<(), auth_policy::FormatError>(())
/// ```
pub fn format(source: &Source) -> Result<String, FormatError> {
    let before = read(source)?;
    let (formatted, comments) = once(source.text())?;
    let source = Source::new(source.path(), formatted.clone().into_bytes());
    // INVARIANT: nothing leaves here that does not mean the same, or that would change again.
    let after = read(&source).map_err(|_| FormatError::Changed)?;
    let (again, kept) = once(&formatted).map_err(|_| FormatError::Changed)?;
    let same = bare(&before) == bare(&after) && comments == kept && again == formatted;
    if same { Ok(formatted) } else { Err(FormatError::Changed) }
}

fn read(source: &Source) -> Result<Node, FormatError> {
    let mut report = Report::default();
    let tree = yaml::read(source, &mut report);
    match tree {
        Some(tree) if report.errors() == 0 => Ok(tree),
        _ => Err(FormatError::Unreadable(report.finish(source))),
    }
}

/// The formatted text, and the comments of the text as it was, sorted.
fn once(text: &str) -> Result<(String, Vec<String>), FormatError> {
    let mut root = parse::parse(text)?;
    let mut comments = root.comments();
    comments.sort_unstable();
    arrange::arrange(&mut root);
    Ok((write::write(&root), comments))
}

/// A tree without places, the keys of its maps sorted.
fn bare(node: &Node) -> Node {
    let value = match &node.value {
        Value::List(items) => Value::List(items.iter().map(bare).collect()),
        Value::Map(entries) => {
            let mut entries: Vec<_> =
                entries.iter().map(|(key, value)| (bare(key), bare(value))).collect();
            entries.sort_by_cached_key(|(key, _)| format!("{:?}", key.value));
            Value::Map(entries)
        }
        other => other.clone(),
    };
    Node { place: Default::default(), owner: Default::default(), value }
}
