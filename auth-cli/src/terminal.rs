//! Where findings go. In: text for people. Out: standard output for findings, standard error for
//! problems of the command itself, in colour only where somebody sees it.

use std::io::{self, IsTerminal, Write};

/// Whether standard output is a terminal whose owner did not ask for plain text (`NO_COLOR`,
/// <https://no-color.org>).
#[allow(clippy::disallowed_methods, reason = "the one place that asks about the terminal")]
pub(crate) fn colored() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    io::stdout().is_terminal() && !refused && !dumb
}

/// Writes a finding. A reader that has gone away, such as `head`, is no error.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Writes a problem of the command itself.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "error: {text}");
}
