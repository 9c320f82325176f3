//! `cargo auth schema`. In: nothing. Out: the JSON Schema of policies.

use crate::{exit::Outcome, terminal};

/// Print the JSON Schema of policies, for editors
///
/// The schema is of draft 2020-12. Editors with a YAML language server use it where the first line
/// of a policy is `# yaml-language-server: $schema=PATH`, which `cargo auth init` writes.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {}

pub(super) fn run(_: &Arguments) -> Outcome {
    terminal::say(auth_policy::schema().trim_end());
    Outcome::Fine
}
