//! `cargo auth lock`. In: packages whose applications declare the test `auth_lock`. Out: their locks,
//! written or compared.

use crate::{exit::Outcome, format::Format, terminal};

mod report;
mod run;
mod show;

use report::Report;
use run::Ran;

/// The line that declares the test, as messages show it.
const LINE: &str = "    #[cfg(test)]\n    auth_runtime::lock_test!(app());";

/// Write who may call what into a file beside the policy
///
/// Runs the test `auth_lock`, which an application declares in one line
/// (`auth_runtime::lock_test!(app())`), and shows which lines of its lock changed.
///
/// Exits 0 if the locks say what the applications serve now, 1 if `--check` found one that does not
/// or a statement about an endpoint does not hold, 2 if there is no such test or it could not be run.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Change nothing, but exit 1 if a lock is not what its application serves
    #[arg(long)]
    check: bool,

    #[command(flatten)]
    packages: run::Packages,

    /// For whom the changes are
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    match run::tests(&arguments.packages, arguments.check) {
        Ok(ran) => tell(&ran, arguments),
        Err(problem) => {
            terminal::complain(&problem);
            Outcome::Misused
        }
    }
}

fn tell(ran: &Ran, arguments: &Arguments) -> Outcome {
    let report = &ran.report;
    if report.locks.is_empty() {
        terminal::complain(&match ran.succeeded {
            true => format!(
                "no test of what was selected is named `auth_lock`, so there is nothing to lock. \
                 Declare it beside the function that makes the application:\n\n{LINE}\n\nor select \
                 another package with `-p`"
            ),
            false => format!("the test `auth_lock` could not be run\n{}", ran.said.trim_end()),
        });
        return Outcome::Misused;
    }
    terminal::tell(&match arguments.format {
        Format::Text => show::text(report, arguments.check, terminal::colored()),
        Format::Json => show::json(report, arguments.check),
        Format::Markdown => show::markdown(report, arguments.check),
    });
    let found = report.locks.iter().any(|lock| lock.is_found(arguments.check));
    if !ran.succeeded && !found {
        terminal::complain(&format!("a test `auth_lock` failed\n{}", ran.said.trim_end()));
        return Outcome::Misused;
    }
    if found { Outcome::Found } else { Outcome::Fine }
}
