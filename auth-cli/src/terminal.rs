//! Where findings go. In: text for people. Out: standard output for findings, standard error for
//! problems of the command itself, in colour only where somebody sees it.

use std::{
    io::{self, ErrorKind, IsTerminal, Write},
    sync::atomic::{AtomicBool, Ordering},
};

/// Whether standard output is a terminal whose owner did not ask for plain text (`NO_COLOR`,
/// <https://no-color.org>).
#[allow(clippy::disallowed_methods, reason = "the one place that asks about the terminal")]
pub(crate) fn colored() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    io::stdout().is_terminal() && !refused && !dumb
}

/// Whether something that was found could not be told.
static IS_CUT: AtomicBool = AtomicBool::new(false);

/// Writes a finding. A reader that has gone away, such as `head`, is no error; a disk that is full is
/// one: whoever reads the file later must not take half of it for all.
pub(crate) fn say(text: &str) {
    let mut out = io::stdout().lock();
    let written = writeln!(out, "{text}").and_then(|()| out.flush());
    let Err(error) = written else { return };
    if error.kind() != ErrorKind::BrokenPipe && !IS_CUT.swap(true, Ordering::Relaxed) {
        complain(&format!("cannot write to standard output: {error}"));
    }
}

/// Whether standard output has not taken all that was to be said.
pub(crate) fn is_cut() -> bool {
    IS_CUT.load(Ordering::Relaxed)
}

/// Writes all findings of a command at once; nothing if there are none to write.
pub(crate) fn tell(text: &str) {
    let text = text.trim_end();
    if !text.is_empty() {
        say(text);
    }
}

/// Writes a remark beside what was asked for, out of the way of whoever reads that.
pub(crate) fn remark(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Writes a problem of the command itself.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "error: {text}");
}

/// Text of others that does nothing on a terminal but stand there.
pub(crate) fn plain(text: &str) -> String {
    auth_policy::plain::text(text).into_owned()
}

/// A JSON document over several lines that does nothing on a terminal but stand there.
pub(crate) fn json(document: &serde_json::Value) -> String {
    let text = format!("{document:#}");
    text.lines()
        .map(|line| auth_policy::plain::json(line.to_owned()))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a3_nothing_that_a_stranger_wrote_moves_the_cursor() {
        let hostile = "a\u{1b}[2J\r\n\u{9b}0m\u{202e}b\u{200b}\u{3164}";
        let shown = plain(hostile);
        assert_eq!(shown, "a\\u{1b}[2J\\u{d}\\u{a}\\u{9b}0m\\u{202e}b\\u{200b}\\u{3164}");
        let document = serde_json::json!({ "text": hostile, "cat": "\u{1f408}" });
        let text = json(&document);
        assert!(text.lines().all(|line| plain(line) == line), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), document);
    }
}
