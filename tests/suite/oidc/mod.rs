//! Sign-in with a provider: one on loopback that says what the test wants, and counts who asks.

mod accounts;
mod answers;
mod blog;
mod building;
mod fake;
mod hostile;
mod limited;
mod linking;
mod outage;
mod outward;
mod plain;
mod reloading;
mod results;
mod tokens;
mod world;
