//! More records. In: stores. Out: what sessions and API keys cost among a thousand, ten thousand and
//! more of their kind, as many of each.
//!
//! A store is filled between two measurements, so those are compared by what the extractor by hand
//! costs in the same rounds.

use std::{env, error::Error, fs, process, sync::Arc};

use auth_runtime::{
    clock::{Clock, SystemClock, Timestamp},
    store::{self, Collection, Key, Owner, Store},
};

use super::grid::{heading, in_thousands, line};
use crate::{
    contestant::Contestant,
    measure,
    ours::{self, Ours, Setting},
    report::{YARDSTICK, cost, median},
    theirs,
};

/// How many accounts take turns, each with a session and a key.
const PEOPLE: usize = 200;

/// How many records there are of each kind.
const FEW: [usize; 2] = [1_000, 10_000];
const MORE: [usize; 3] = [1_000, 10_000, 100_000];
const FULL: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

pub(super) async fn table(rounds: usize, full: bool) -> Result<String, Box<dyn Error>> {
    let columns = if full { FULL.as_slice() } else { &MORE };
    let titles: Vec<_> = columns.iter().map(|count| in_thousands(*count)).collect();
    let title = "Sessions and API keys in the store, as many of each:";
    let mut text = heading(title, &titles)?;
    let file = env::temp_dir().join(format!("auth-bench-{}.sqlite", process::id()));
    let sqlite = format!("sqlite:{}", file.display());
    let others = env::var("AUTH_BENCH_STORES").unwrap_or_default();
    let urls = ["memory:", &*sqlite].into_iter().chain(others.split_whitespace());
    for url in urls {
        let in_memory = url == "memory:";
        let columns = if in_memory || full { columns } else { FEW.as_slice() };
        // Others than memory take a hundred times as long for each request.
        let rounds = if in_memory { rounds } else { rounds.div_ceil(20) };
        let name = url.split(':').next().unwrap_or_default();
        for (label, at_first, ratios) in growth(url, columns, rounds, full).await? {
            let ratios = ratios.into_iter();
            line(&mut text, &format!("{label}, {name}"), &format!("{at_first:.0} ns"), ratios)?;
        }
    }
    for ending in ["", "-wal", "-shm"] {
        // Those that are not there need not be removed.
        let _ = fs::remove_file(format!("{}{ending}", file.display()));
    }
    Ok(text)
}

/// What is added in the first column, in nanoseconds, and in all of them in times of that.
type Growth = (&'static str, f64, Vec<f64>);

async fn growth(
    url: &str,
    columns: &[usize],
    rounds: usize,
    full: bool,
) -> Result<[Growth; 2], Box<dyn Error>> {
    let store = if full && url == "memory:" {
        // Two of a million, and the accounts.
        Arc::new(store::MemoryStore::with_capacity(2_100_000))
    } else {
        store::open(url).await?
    };
    let setting = Setting { store: Arc::clone(&store), people: PEOPLE, ..Setting::default() };
    let ours = ours::hs256(setting).await?;
    let by_hand = theirs::by_hand("by hand", theirs::Key::Hs256, ours.token()?, 200)?;
    let mut contestants = vec![
        theirs::unguarded()?,
        by_hand,
        ours.by_session("a session")?,
        ours.by_key("an API key")?,
    ];
    let (mut there, mut growth) =
        (PEOPLE, [("a session", 0.0, vec![]), ("an API key", 0.0, vec![])]);
    for count in columns {
        fill(&*store, &ours, there..*count).await?;
        there = *count;
        note(&mut growth, &mut contestants, rounds).await?;
    }
    for (_, _, costs) in &mut growth {
        let first = costs.first().copied().unwrap_or(f64::NAN);
        costs.iter_mut().for_each(|cost| *cost /= first);
    }
    Ok(growth)
}

/// Measures both kinds, in times of the extractor by hand.
async fn note(
    growth: &mut [Growth; 2],
    contestants: &mut [Contestant],
    rounds: usize,
) -> Result<(), Box<dyn Error>> {
    // Everybody once more than the records that are remembered parsed.
    let rounds = measure::rounds(contestants, rounds.max(PEOPLE.div_ceil(10))).await?;
    for (place, (_, at_first, costs)) in growth.iter_mut().enumerate() {
        let index = YARDSTICK + 1 + place;
        if costs.is_empty() {
            *at_first = median(rounds.iter().map(|round| cost(round, index)).collect());
        }
        let times = rounds.iter().map(|round| cost(round, index) / cost(round, YARDSTICK));
        costs.push(median(times.collect()));
    }
    Ok(())
}

/// Adds records like somebody's, of people whom nobody knows.
async fn fill(
    store: &dyn Store,
    ours: &Ours,
    numbers: std::ops::Range<usize>,
) -> Result<(), Box<dyn Error>> {
    let now = SystemClock.now();
    let cookie = ours.people.first().map_or("", |person| &*person.cookie);
    let owner = cookie.split(['=', '.']).nth(1).and_then(Owner::new);
    let owner = owner.ok_or("a session names its owner")?;
    for collection in [Collection("session"), Collection("api-key")] {
        let records = store.list(collection, &owner, now).await?;
        let model = records.first().ok_or("somebody has a session and a key")?;
        for number in numbers.clone() {
            let owner = Owner::new(scattered(number, 1)).ok_or("digits are an owner")?;
            let key =
                Key::new(collection, owner, scattered(number, 2)).ok_or("digits are an id")?;
            let until = Some(Timestamp(now.0.saturating_add(86_400)));
            store.insert(&key, &model.value, until, now).await?;
        }
    }
    Ok(())
}

/// A name as long as a random one, and as far from its neighbours.
fn scattered(number: usize, salt: u64) -> String {
    let mut mixed =
        (number as u64).wrapping_mul(2).wrapping_add(salt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^= mixed >> 29;
    mixed = mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^= mixed >> 32;
    format!("{mixed:022x}")
}
