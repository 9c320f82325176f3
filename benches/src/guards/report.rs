//! The table. In: rounds. Out: what each guard adds to a route without one, in nanoseconds and in
//! times what the extractor by hand adds in the same round; and how some of them compare.

use std::fmt;

use crate::{contestant::Contestant, measure::Round};

/// The contestant whose time is taken off all others.
pub(crate) const FLOOR: usize = 0;
/// The contestant whose cost is 1.
pub(crate) const YARDSTICK: usize = 1;

/// Two that differ in what is asked of a token alone: nothing, and a scope and a role.
pub(crate) const RIGHTS: [&str; 2] =
    ["guard, HS256, the token again, no scope", "guard, HS256, the token again, scope and role"];

/// What is compared in the same round, with what, and how many times as much it may cost at most.
const AIMS: [(&str, &str, &str); 10] = [
    ("guard, HS256", "by hand, HS256", "0.40"),
    ("guard, a bad signature", "guard, HS256", "1.00"),
    ("guard, session", "tower-sessions, its memory store", "0.27"),
    ("guard, session", "axum-login, its memory store", "less"),
    ("guard, EdDSA", "by hand, EdDSA", "less"),
    ("guard, RS256", "by hand, RS256", "less"),
    ("guard, ES256", "by hand, ES256", "less"),
    ("guard, HS256, the token again", "by hand, HS256", "less"),
    ("guard, RS256, the token again", "by hand, RS256", "0.067"),
    ("guard, ES256, the token again", "by hand, ES256", "0.025"),
];

/// Medians of all rounds.
pub(crate) struct Report {
    rounds: usize,
    floor: f64,
    lines: Vec<Line>,
    comparisons: Vec<Comparison>,
    /// Nanoseconds of the test of a scope and a role.
    rights: f64,
}

struct Line {
    label: &'static str,
    /// Nanoseconds more than the floor.
    cost: f64,
    /// Times the yardstick's cost in the same round: the median of that, not of the times.
    ratio: f64,
}

struct Comparison {
    what: &'static str,
    with: &'static str,
    ratio: f64,
    aim: &'static str,
}

impl Report {
    pub(crate) fn new(contestants: &[Contestant], rounds: &[Round]) -> Self {
        let place = |label: &str| contestants.iter().position(|one| one.label == label);
        let ratio = |index, to| {
            median(rounds.iter().map(|round| cost(round, index) / cost(round, to)).collect())
        };
        let line = |(index, contestant): (usize, &Contestant)| Line {
            label: contestant.label,
            cost: median(rounds.iter().map(|round| cost(round, index)).collect()),
            ratio: ratio(index, YARDSTICK),
        };
        let compare = |(what, with, aim)| {
            Some(Comparison { what, with, ratio: ratio(place(what)?, place(with)?), aim })
        };
        let [without, with] = RIGHTS.map(|label| place(label).unwrap_or(FLOOR));
        Self {
            rounds: rounds.len(),
            floor: median(rounds.iter().map(|round| time(round, FLOOR)).collect()),
            lines: contestants.iter().enumerate().skip(1).map(line).collect(),
            comparisons: AIMS.into_iter().filter_map(compare).collect(),
            rights: median(
                rounds.iter().map(|round| time(round, with) - time(round, without)).collect(),
            ),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "What is added to a route of axum without a guard ({:.0} ns), medians of {} rounds.",
            self.floor, self.rounds
        )?;
        writeln!(f, "\"Times\" is against the extractor by hand, HS256, in the same round.\n")?;
        writeln!(f, "| request | adds | times |\n|---|---|---|")?;
        for Line { label, cost, ratio } in &self.lines {
            writeln!(f, "| {label} | {cost:.0} ns | {ratio:.2} |")?;
        }
        writeln!(f, "\nWhat one costs in times of another, in the same round:\n")?;
        writeln!(f, "| this | times this | aim, at most |\n| {0} | {0} | {0} |", "---")?;
        for Comparison { what, with, ratio, aim } in &self.comparisons {
            writeln!(f, "| {what} | {ratio:.3} of {with} | {aim} |")?;
        }
        writeln!(
            f,
            "\nA scope and a role that are asked for add {:+.0} ns to a token that comes again; what \
             is less than some 20 is chance. The aim is 10.",
            self.rights
        )
    }
}

/// What a contestant costs in a round beyond the floor.
pub(crate) fn cost(round: &Round, index: usize) -> f64 {
    time(round, index) - time(round, FLOOR)
}

fn time(round: &Round, index: usize) -> f64 {
    round.get(index).copied().unwrap_or(f64::NAN)
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
