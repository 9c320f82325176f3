//! The stopwatch. In: contestants. Out: what one request of each costs, round by round.
//!
//! Every round asks all of them in turn, so that what else the machine does slows all of them.

use std::{error::Error, time::Instant};

use crate::contestant::Contestant;

/// How many requests are timed together: a clock is too coarse for one, and a longer stretch would
/// often be interrupted by what else runs.
const REQUESTS: u32 = 50;

/// How many nobody counts before each of those: the one before has left the processor another code
/// at hand.
const WARM: u32 = 10;

/// Nanoseconds for one request of each contestant, in their order.
pub(crate) type Round = Vec<f64>;

/// So many rounds, after one that nobody counts.
pub(crate) async fn rounds(
    contestants: &mut [Contestant],
    rounds: usize,
) -> Result<Vec<Round>, Box<dyn Error>> {
    round(contestants).await?;
    let mut all = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        all.push(round(contestants).await?);
        // What an engine does beside requests: nobody is charged for it.
        tokio::task::yield_now().await;
    }
    Ok(all)
}

async fn round(contestants: &mut [Contestant]) -> Result<Round, Box<dyn Error>> {
    let mut times = Vec::with_capacity(contestants.len());
    for contestant in contestants {
        for _ in 0..WARM {
            contestant.ask().await?;
        }
        #[allow(clippy::disallowed_methods, reason = "a measurement")]
        let began = Instant::now();
        for _ in 0..REQUESTS {
            contestant.ask().await?;
        }
        times.push(began.elapsed().as_secs_f64() * 1e9 / f64::from(REQUESTS));
    }
    Ok(times)
}
