//! Findings as annotations of a GitHub workflow. In: the files. Out: one workflow command a line.
//!
//! SECURITY: whoever writes a policy chooses part of the text, so whatever could end the command,
//! a property or the line is escaped, as GitHub's own toolkit does it.

use auth_policy::{Diagnostic, Severity, Source};

use super::File;

pub(super) fn annotations(files: &[File]) -> String {
    let lines = files.iter().flat_map(|File { source, checked, .. }| {
        checked.diagnostics.iter().map(|found| annotation(source, found))
    });
    lines.collect()
}

fn annotation(source: &Source, found: &Diagnostic) -> String {
    let command = match found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let place = found.place;
    let help = found.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
    format!(
        "::{command} file={},line={},col={},endColumn={},title={}::{}\n",
        property(source.path()),
        place.line,
        place.column,
        place.column + place.length,
        property(found.code.as_str()),
        data(&format!("{}{help}", found.message)),
    )
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_command_or_a_property_is_escaped() {
        assert_eq!(data("100%\r\n::error::x"), "100%25%0D%0A::error::x");
        assert_eq!(property("a,line=1:b%0A"), "a%2Cline=1%3Ab%250A");
    }
}
