//! Requests to protected routers, and what comes of them: the guards from outside, as a client and
//! as a user of the crate meet them.

pub(crate) mod fixture;
mod forge;
mod grammar;

mod attacks_claims;
mod attacks_form;
mod attacks_header;
mod building;
mod bypass;
mod carriers;
mod challenges;
mod engines;
mod events;
mod identity;
mod inventory;
mod issuers;
mod issuing;
mod layers;
mod limits;
mod methods;
mod model;
mod namesake;
mod openapi;
mod order;
mod panics;
mod paths;
mod policy_tests;
mod problems;
mod protect;
mod quoted;
mod random;
mod reload;
mod remembered;
mod rules;
mod sameness;
mod scopes;
mod step_up;
mod unguarded;
mod wire;

#[path = "../audit/mod.rs"]
mod audit;

#[path = "../transport/mod.rs"]
mod transport;
