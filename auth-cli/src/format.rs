//! For whom a command speaks. In: `--format`. Out: one of three, the same for every command.

use clap::ValueEnum;

/// What `--format` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people, in colour on a terminal
    Text,
    /// For programs: one document, its shape versioned
    Json,
    /// For a comment on a pull request
    Markdown,
}
