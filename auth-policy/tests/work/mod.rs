//! What a test costs. In: nothing. Out: how long this thread has worked, and how much memory this
//! process has held.

use std::{
    fs,
    sync::LazyLock,
    time::{Duration, Instant},
};

/// How long this thread has worked: where the system tells, without the time that it waited for
/// other tests and builds, which share the machine.
#[allow(clippy::disallowed_methods, reason = "a measurement")]
pub(crate) fn worked() -> Duration {
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let begun = *BEGUN;
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let worked = told.and_then(|told| told.split(' ').next()?.parse().ok());
    worked.map_or_else(|| begun.elapsed(), Duration::from_nanos)
}

/// The most memory this process has held, in kB.
#[allow(dead_code, reason = "not every test asks for it")]
pub(crate) fn peak_memory_kb() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
