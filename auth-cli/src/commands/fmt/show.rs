//! What became of the files. In: each with its state. Out: text, JSON or Markdown.

use serde_json::{Value, json};

use super::{
    super::check::{json::finding, markdown::findings},
    File, State,
};
use crate::{
    markdown::{block, code, prose},
    terminal,
};

/// Counts up when a member goes or changes what it means; new members may come without it.
const VERSION: u32 = 1;

/// Nothing of files that were in form.
pub(super) fn text(files: &[File], colored: bool) -> String {
    let mut text = String::new();
    for File { source, state } in files {
        if let State::Unreadable(found) = state {
            for found in found {
                let shown =
                    if colored { found.render_colored(source) } else { found.render(source) };
                text += &format!("{shown}\n\n");
            }
        }
        if let State::Printed(formatted) = state {
            text += formatted;
        } else if !matches!(state, State::InForm) {
            text += &format!("{}: {}\n", source.path().escape_debug(), sentence(state));
        }
    }
    text
}

pub(super) fn json(files: &[File]) -> String {
    let files: Vec<_> = files.iter().map(file).collect();
    terminal::json(&json!({ "version": VERSION, "files": files }))
}

fn file(File { source, state }: &File) -> Value {
    let (word, found) = match state {
        State::InForm => ("in_form", &[][..]),
        State::Formatted | State::Printed(_) => ("formatted", &[][..]),
        State::NotInForm => ("not_in_form", &[][..]),
        State::Unreadable(found) => ("unreadable", &found[..]),
    };
    let found: Vec<_> = found.iter().map(finding).collect();
    let text = if let State::Printed(formatted) = state { Some(formatted) } else { None };
    json!({ "path": source.path(), "state": word, "findings": found, "text": text })
}

pub(super) fn markdown(files: &[File]) -> String {
    let mut text = "### Form of the policies\n\n".to_owned();
    for File { source, state } in files {
        text += &format!("- {}: {}\n", code(source.path()), prose(sentence(state)));
    }
    for File { source, state } in files {
        match state {
            State::Unreadable(found) => text += &findings(source, found),
            State::Printed(formatted) => text += &format!("\n{}", block(formatted)),
            _ => {}
        }
    }
    text
}

const fn sentence(state: &State) -> &'static str {
    match state {
        State::InForm => "in form",
        State::Formatted | State::Printed(_) => "formatted",
        State::NotInForm => "not in form; `cargo auth fmt` writes it",
        State::Unreadable(_) => "left as it is, because it cannot be read",
    }
}
