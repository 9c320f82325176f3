//! API keys: made, presented, replaced and revoked, over HTTP and through the service.

mod world;

mod creating;
mod document;
mod ending;
mod limited;
mod listing;
mod presenting;
mod rights;
mod rotating;
mod url;
mod used;
