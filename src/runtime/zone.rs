//! Local time as a table of offsets, read once from the system's time zone.

use crate::app::model::Zone;
use crate::types::Stamp;
use jiff::{Timestamp, tz::TimeZone};

/// How many changes of the offset are looked up each way: some years.
const CHANGES: usize = 40;

/// The table around this moment.
pub(super) fn around(now: Stamp) -> Zone {
    let zone = TimeZone::system();
    let now = Timestamp::from_millisecond(now.0).unwrap_or(Timestamp::UNIX_EPOCH);
    let stamp = |timestamp: Timestamp| Stamp(timestamp.as_millisecond());
    let mut offsets: Vec<(Stamp, i32)> = zone
        .preceding(now)
        .take(CHANGES)
        .chain(zone.following(now).take(CHANGES))
        .map(|change| (stamp(change.timestamp()), change.offset().seconds()))
        .collect();
    offsets.sort_unstable();
    if offsets.is_empty() {
        offsets.push((Stamp(i64::MIN), zone.to_offset(now).seconds()));
    }
    Zone { offsets }
}
