//! What became of the files. In: each with its state. Out: text, JSON or Markdown.

use serde_json::{Value, json};

use super::{
    super::check::{json::finding, markdown::findings},
    File, State,
};
use crate::{
    markdown::{code, prose},
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
        if !matches!(state, State::InForm) {
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
        State::Formatted => ("formatted", &[][..]),
        State::NotInForm => ("not_in_form", &[][..]),
        State::Unreadable(found) => ("unreadable", &found[..]),
    };
    let found: Vec<_> = found.iter().map(finding).collect();
    json!({ "path": source.path(), "state": word, "findings": found })
}

pub(super) fn markdown(files: &[File]) -> String {
    let mut text = "### Form of the policies\n\n".to_owned();
    for File { source, state } in files {
        text += &format!("- {}: {}\n", code(source.path()), prose(sentence(state)));
    }
    for File { source, state } in files {
        if let State::Unreadable(found) = state {
            text += &findings(source, found);
        }
    }
    text
}

const fn sentence(state: &State) -> &'static str {
    match state {
        State::InForm => "in form",
        State::Formatted => "formatted",
        State::NotInForm => "not in form; `cargo auth fmt` writes it",
        State::Unreadable(_) => "left as it is, because it cannot be read",
    }
}
