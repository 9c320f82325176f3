//! How cost grows. In: more of something. Out: tables of what a guard costs then, in times what it
//! costs with the least of it. Where a line is flat, it does not matter how much there is.

mod clients;
mod grid;
mod records;
mod rights;

use std::error::Error;

use tokio::runtime::Runtime;

/// All tables; with `full`, a million records.
pub(crate) fn tables(alone: &Runtime, rounds: usize, full: bool) -> Result<String, Box<dyn Error>> {
    // What grows is seen with fewer rounds than small differences are.
    let rounds = rounds.div_ceil(5);
    let tables = [
        alone.block_on(rights::scopes(rounds))?,
        alone.block_on(rights::roles(rounds))?,
        alone.block_on(records::table(rounds, full))?,
        clients::table(rounds.div_ceil(10))?,
    ];
    Ok(tables.join("\n"))
}
