//! More clients. In: 1 to 64 of them at once. Out: how many requests are answered in the same time, in
//! times of what one client has answered.

use std::{error::Error, thread, time::Instant};

use tokio::runtime;

use super::grid::{heading, line};
use crate::{
    contestant::Contestant,
    cookies,
    ours::{self, Remembered, Setting},
    report::median,
    theirs,
};

const CLIENTS: [usize; 4] = [1, 4, 16, 64];

/// How many requests are answered in one measurement, by all clients together.
const REQUESTS: usize = 6_400;

pub(super) fn table(rounds: usize) -> Result<String, Box<dyn Error>> {
    let cores = thread::available_parallelism()?.get();
    let server = runtime::Builder::new_multi_thread().worker_threads(cores).enable_all().build()?;
    let columns = CLIENTS.map(|clients| clients.to_string());
    let title = format!("Requests in the same time, of so many clients at once on {cores} cores:");
    let mut text = heading(&title, &columns)?;
    for contestant in server.block_on(contestants())? {
        let mut times = vec![Vec::new(); CLIENTS.len()];
        for _ in 0..=rounds {
            for (times, clients) in times.iter_mut().zip(CLIENTS) {
                times.push(server.block_on(answered(&contestant, clients))?);
            }
        }
        let one = times.first().cloned().unwrap_or_default();
        let ratios = times
            .iter()
            .map(|times| median(times.iter().zip(&one).map(|(many, one)| one / many).collect()));
        let at_first = format!("{:.0} ns", median(one.clone()) / REQUESTS as f64);
        line(&mut text, contestant.label, &at_first, ratios)?;
    }
    Ok(text)
}

async fn contestants() -> Result<Vec<Contestant>, Box<dyn Error>> {
    let anew = ours::hs256(Setting { people: CLIENTS.len(), ..Setting::default() }).await?;
    let again = Setting { remembered: Remembered::AsEver, ..Setting::default() };
    Ok(vec![
        theirs::by_hand("by hand, HS256", theirs::Key::Hs256, anew.token()?, 200)?,
        cookies::tower_sessions().await?,
        anew.by_token("guard, HS256")?,
        ours::hs256(again).await?.by_token("guard, HS256, the token again")?,
        anew.by_session("guard, session")?,
        anew.by_key("guard, API key")?,
    ])
}

/// Nanoseconds until all requests are answered.
async fn answered(contestant: &Contestant, clients: usize) -> Result<f64, Box<dyn Error>> {
    #[allow(clippy::disallowed_methods, reason = "a measurement")]
    let began = Instant::now();
    let tasks: Vec<_> = (0..clients)
        .map(|_| {
            let mut contestant = contestant.clone();
            tokio::spawn(async move {
                for _ in 0..REQUESTS / clients {
                    contestant.ask().await.map_err(|error| error.to_string())?;
                }
                Ok::<_, String>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(began.elapsed().as_secs_f64() * 1e9)
}
