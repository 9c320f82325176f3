//! `cargo auth schema`. In: nothing. Out: the JSON Schema of policies.

use crate::{exit::Outcome, format::Format, terminal};

/// Print the JSON Schema of policies, for editors
///
/// The schema is of draft 2020-12. Editors with a YAML language server use it where the first line
/// of a policy is `# yaml-language-server: $schema=PATH`, which `cargo auth init` writes.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// For whom it is; text is JSON as well
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let schema = auth_policy::schema();
    match arguments.format {
        Format::Text | Format::Json => terminal::tell(&schema),
        Format::Markdown => terminal::tell(&format!("```json\n{}\n```", schema.trim_end())),
    }
    Outcome::Fine
}
