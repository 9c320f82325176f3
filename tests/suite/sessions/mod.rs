//! Cookie sessions, asked over HTTP: on a store in memory, and a clock that moves when told to.

mod cookie;
mod crowd;
mod endings;
mod hostile;
mod limit;
mod outage;
mod own;
mod rights;
mod time;
pub(crate) mod world;
