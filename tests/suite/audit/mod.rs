//! Audit events as those who watch meet them: which there are, how they are written down, what is
//! made of them, and what is never in them.

use super::{fixture, forge};

mod forging;
mod golden;
mod life;
mod lines;
mod matrix;
mod numbers;
mod patterns;
mod redacted;
mod sample;
