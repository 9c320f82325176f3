//! `cargo auth diff`. In: two policies, each a file or a file of a revision, and the locks beside
//! them. Out: what changed in meaning; and whether somebody agreed to all that widens.

use std::{
    fs,
    path::{Path, PathBuf},
};

use auth_policy::diff::{Approvals, Change, Diff, Verdict, diff};
use clap::ValueEnum;

use crate::{exit::Outcome, format::Format, terminal};

mod git;
mod json;
mod markdown;
mod side;
mod text;

use side::Side;

/// Say what changed in meaning between two policies
///
/// Each change widens, narrows or is neutral: for whom, on which endpoints, and shown by the smallest
/// credential that gained or lost something. What endpoints ask for comes from the lock beside each
/// policy, so a rule that was loosened in code is told as well.
///
/// Exits 0, or 1 if `--deny` refuses a change or a statement of the new policy under `never` or
/// `always` does not hold, or 2 if one of the two could not be read or is no sound policy.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The policy before: a file, or REVISION:FILE of a git repository
    old: String,

    /// The policy after
    new: String,

    /// Exit 1 if there is a change of this kind that was not approved
    #[arg(long, value_name = "KIND")]
    deny: Vec<Denied>,

    /// Lines of changes that somebody agreed to, as this command prints them
    #[arg(long, value_name = "FILE")]
    approve: Option<PathBuf>,

    /// For whom the changes are
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// What `--deny` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Denied {
    /// Somebody may do what they might not
    Widening,
}

/// A comparison, with what is needed to tell it.
struct Compared {
    old: Side,
    new: Side,
    diff: Diff,
    approvals: Approvals,
    /// Whether it matters what was approved.
    asked: bool,
}

impl Compared {
    fn is_approved(&self, change: &Change) -> bool {
        self.approvals.cover(change)
    }

    /// The lines that would approve what is not approved yet.
    fn lacking(&self) -> Vec<String> {
        self.approvals.lacking(&self.diff).filter_map(Change::approval).collect()
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.diff.with(verdict).count()
    }
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    match compared(arguments) {
        Ok(compared) => tell(&compared, arguments),
        Err(problem) => {
            terminal::complain(&problem);
            Outcome::Misused
        }
    }
}

fn compared(arguments: &Arguments) -> Result<Compared, String> {
    let (old, new) = (Side::read(&arguments.old), Side::read(&arguments.new));
    let (old, new) = match (old, new) {
        (Ok(old), Ok(new)) => (old, new),
        // Both at once, so that nobody has to come back for the second.
        (Err(old), Err(new)) => return Err(format!("{old}\nerror: {new}")),
        (Err(problem), _) | (_, Err(problem)) => return Err(problem),
    };
    let approvals = arguments.approve.as_deref().map(approvals).transpose()?;
    let asked = approvals.is_some() || arguments.deny.contains(&Denied::Widening);
    let diff = diff(old.compared(), new.compared());
    Ok(Compared { old, new, diff, approvals: approvals.unwrap_or_default(), asked })
}

fn approvals(file: &Path) -> Result<Approvals, String> {
    let name = file.display().to_string();
    let text = fs::read_to_string(file);
    let text = text.map_err(|error| format!("cannot read `{}`: {error}", name.escape_debug()))?;
    Ok(Approvals::parse(&text))
}

fn tell(compared: &Compared, arguments: &Arguments) -> Outcome {
    terminal::tell(&match arguments.format {
        Format::Text => text::text(compared, terminal::colored()),
        Format::Json => json::json(compared),
        Format::Markdown => markdown::markdown(compared),
    });
    if let Some(file) = &arguments.approve {
        let name = terminal::plain(&file.display().to_string());
        for (line, approval) in compared.approvals.unused(&compared.diff) {
            let approval = terminal::plain(approval);
            let told = format!("warning: {name}:{line}: approves nothing any more: {approval}");
            terminal::remark(&told);
        }
    }
    compared.new.broken.iter().for_each(|told| terminal::remark(&format!("\n{told}")));
    let denied = arguments.deny.contains(&Denied::Widening) && !compared.lacking().is_empty();
    let found = denied || !compared.new.broken.is_empty();
    if found { Outcome::Found } else { Outcome::Fine }
}
