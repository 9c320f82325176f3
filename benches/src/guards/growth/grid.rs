//! A table of growth. In: for each row contestants that differ in how much there is. Out: what the
//! first of a row adds to a route without a guard, and how many times that the others add.

use std::{error::Error, fmt::Write as _};

use crate::{
    contestant::Contestant,
    measure::{self, Round},
    report::{cost, median},
    theirs,
};

/// What is measured, in the order of the columns.
pub(crate) struct Row {
    pub(crate) label: String,
    pub(crate) contestants: Vec<Contestant>,
}

/// Measures all of it round by round.
pub(crate) async fn measured(
    title: &str,
    columns: &[String],
    rows: Vec<Row>,
    rounds: usize,
) -> Result<String, Box<dyn Error>> {
    let mut all = vec![theirs::unguarded()?];
    all.extend(rows.iter().flat_map(|row| row.contestants.iter().cloned()));
    let times = measure::rounds(&mut all, rounds).await?;
    let mut next = 1;
    let mut text = heading(title, columns)?;
    for Row { label, contestants } in rows {
        let first = next;
        next += contestants.len();
        let of = |one: fn(&Round, usize, usize) -> f64, index| {
            median(times.iter().map(|round| one(round, index, first)).collect())
        };
        let adds = of(|round, index, _| cost(round, index), first);
        let ratios = (first..next)
            .map(|index| of(|round, index, first| cost(round, index) / cost(round, first), index));
        line(&mut text, &label, &format!("{adds:.0} ns"), ratios)?;
    }
    Ok(text)
}

/// The title and the head of a table.
pub(crate) fn heading(title: &str, columns: &[String]) -> Result<String, Box<dyn Error>> {
    let mut text = format!("{title}\n\n| | at first | {} |\n|---|", columns.join(" | "));
    columns.iter().try_for_each(|_| write!(text, "---|"))?;
    writeln!(text, "---|")?;
    Ok(text)
}

pub(crate) fn line(
    text: &mut String,
    label: &str,
    at_first: &str,
    ratios: impl Iterator<Item = f64>,
) -> Result<(), Box<dyn Error>> {
    write!(text, "| {label} | {at_first} |")?;
    for ratio in ratios {
        write!(text, " {ratio:.2} |")?;
    }
    Ok(writeln!(text)?)
}

/// A number as people read it.
pub(crate) fn in_thousands(number: usize) -> String {
    let digits = number.to_string();
    let from_the_end = digits.bytes().rev().collect::<Vec<_>>();
    let groups = from_the_end
        .chunks(3)
        .map(|group| group.iter().map(|digit| char::from(*digit)).collect::<String>());
    groups.collect::<Vec<_>>().join(",").chars().rev().collect()
}
