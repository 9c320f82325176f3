//! Requests to protected routers, and what comes of them: the guards from outside, as a client and
//! as a user of the crate meet them.

mod fixture;
mod forge;
mod grammar;

mod carriers;
mod challenges;
mod engines;
mod layers;
mod methods;
mod order;
mod paths;
mod rules;
