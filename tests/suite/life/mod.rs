//! The life of a sign-in: accounts, refresh families and revocations, on a store in memory and a
//! clock that moves when told to.

mod accounts;
mod refresh;
mod reset;
mod revocation;
mod world;
