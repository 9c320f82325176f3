//! What changed, for people. In: a comparison. Out: each change in a line, what widens first, with
//! the requests that show it and the lines that approve it.

use std::fmt::Write as _;

use auth_policy::diff::{Access, Group, Trial, Verdict};

use super::Compared;
use crate::terminal::plain;

pub(super) fn text(compared: &Compared, colored: bool) -> String {
    let (old, new) = (compared.old.source.path(), compared.new.source.path());
    let mut text = format!("{} -> {}\n", plain(old), plain(new));
    for verdict in [Verdict::Widens, Verdict::Narrows, Verdict::Neutral] {
        let groups = compared.diff.groups(verdict);
        if !groups.is_empty() {
            text.push('\n');
        }
        let word = word(verdict, colored);
        groups
            .iter()
            .for_each(|group| text += &format!("{word} {}", one(compared, group, verdict)));
    }
    text + "\n" + &summary(compared) + &approvals(compared)
}

/// The word for a verdict, as wide as the widest, in its colour on a terminal.
fn word(verdict: Verdict, colored: bool) -> String {
    let color = match verdict {
        Verdict::Widens => "1;31",
        Verdict::Narrows => "1;32",
        Verdict::Neutral => "1",
    };
    let word = format!("{:7}", verdict.as_str());
    if colored { format!("\u{1b}[{color}m{word}\u{1b}[0m") } else { word }
}

fn one(compared: &Compared, group: &Group<'_>, verdict: Verdict) -> String {
    let approved = group.changes.iter().filter(|change| compared.is_approved(change)).count();
    let approved = match (approved, group.changes.len()) {
        (0, _) => String::new(),
        (some, all) if some == all => " (approved)".to_owned(),
        (some, _) => format!(" ({some} approved)"),
    };
    let mut text = format!("{}{approved}\n", plain(&group.to_string()));
    let several = group.changes.len() > 1;
    let mut variables: Vec<(&str, String)> = Vec::new();
    for access in group.accesses() {
        if several {
            let _ = writeln!(text, "    {}", plain(&access.target.to_string()));
        }
        if let Some(trial) = trial(compared, access, verdict) {
            let _ = writeln!(text, "    {}$ {}", if several { "  " } else { "" }, trial.command);
            let new = trial.variables.into_iter().filter(|one| !variables.contains(one));
            let new: Vec<_> = new.collect();
            variables.extend(new);
        }
    }
    for (name, from) in variables {
        let _ = writeln!(text, "    {name}: {}", plain(&from));
    }
    if let Some(witness) = group.accesses().next().and_then(|access| access.witness.as_ref()) {
        let _ = writeln!(text, "    shown by: {}", plain(&witness.to_string()));
    }
    text
}

/// A request that is let in now. Of what narrows, one that was is of no use.
pub(super) fn trial(compared: &Compared, access: &Access, verdict: Verdict) -> Option<Trial> {
    let new = compared.new.compared();
    (verdict == Verdict::Widens).then(|| access.trial(new)).flatten()
}

/// `2 widen (1 approved), 1 narrows, none is neutral`.
pub(super) fn counts(compared: &Compared) -> String {
    let count = |verdict, one: &str, several: &str| match compared.count(verdict) {
        0 => format!("none {one}"),
        1 => format!("1 {one}"),
        count => format!("{count} {several}"),
    };
    let approved = compared.count(Verdict::Widens) - compared.lacking().len();
    let approved = match (compared.asked, approved) {
        (false, _) => String::new(),
        (true, approved) => format!(" ({approved} approved)"),
    };
    format!(
        "{}{approved}, {}, {}",
        count(Verdict::Widens, "widens", "widen"),
        count(Verdict::Narrows, "narrows", "narrow"),
        count(Verdict::Neutral, "is neutral", "are neutral")
    )
}

fn summary(compared: &Compared) -> String {
    match compared.diff.changes.is_empty() {
        true => "NEUTRAL nothing changed in meaning\n".to_owned(),
        false => format!("{}\n", counts(compared)),
    }
}

fn approvals(compared: &Compared) -> String {
    let lacking = compared.lacking();
    if !compared.asked || lacking.is_empty() {
        return String::new();
    }
    let lines: String = lacking.iter().map(|line| format!("{}\n", plain(line))).collect();
    format!("\nwho agrees to what widens adds these lines to the file of `--approve`:\n\n{lines}")
}
