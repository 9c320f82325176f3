//! Requests that another page made a browser send: what a guard lets in on a cookie, and what not.

mod site;

mod bodies;
mod forms;
mod matrix;
mod random;
mod sign_in;
mod tokens;
