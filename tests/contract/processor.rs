//! The time that a test spends, whatever runs beside it.

use std::fs;
use std::time::{Duration, Instant};

/// Measures work: by the time that this thread spends on a processor, where the system tells it.
pub(crate) fn time_of<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let (start, before) = (Instant::now(), time_of_thread());
    let answer = work();
    let spent = before.zip(time_of_thread()).map(|(before, after)| after.saturating_sub(before));
    (answer, spent.unwrap_or_else(|| start.elapsed()))
}

fn time_of_thread() -> Option<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let spent = text.split_whitespace().next()?.parse().ok().filter(|nanoseconds| *nanoseconds > 0)?;
    Some(Duration::from_nanos(spent))
}
