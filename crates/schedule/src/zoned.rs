//! The date and time library of the workspace, for the search of the cron library.

use std::cmp::Ordering;

use croner::errors::CronError;
use croner::time::{CivilDate, CivilDateTime, CivilTime, CronDateTime, Resolution, Weekday};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ZonedDateTime};

/// An instant in a time zone.
#[derive(Debug, Clone)]
pub(crate) struct ZonedInstant(ZonedDateTime);

impl ZonedInstant {
    /// The second in which a time is; `None` outside the years that can be written.
    pub(crate) fn from_millis(millis: i64, zone: &TimeZone) -> Option<Self> {
        let timestamp = Timestamp::from_second(millis.div_euclid(1000)).ok()?;
        Some(Self(timestamp.to_zoned_datetime(zone.clone())))
    }

    pub(crate) fn to_millis(&self) -> i64 {
        self.0.timestamp().as_millisecond()
    }
}

fn to_part(value: i8) -> u32 {
    u32::from(value.unsigned_abs())
}

fn to_library(civil: CivilDateTime) -> Result<DateTime, CronError> {
    let year = i16::try_from(civil.year()).map_err(|_| CronError::InvalidDate)?;
    let part = |value: u32| i8::try_from(value).map_err(|_| CronError::InvalidDate);
    let (month, day) = (part(civil.month())?, part(civil.day())?);
    let (hour, minute, second) =
        (part(civil.hour())?, part(civil.minute())?, part(civil.second())?);
    DateTime::new(year, month, day, hour, minute, second, 0).map_err(|_| CronError::InvalidDate)
}

impl CronDateTime for ZonedInstant {
    fn to_civil(&self) -> CivilDateTime {
        let datetime = self.0.datetime();
        let date = CivilDate::from_parts_unchecked(
            i32::from(datetime.year()),
            to_part(datetime.month()),
            to_part(datetime.day()),
        );
        let time = CivilTime::from_parts_unchecked(
            to_part(datetime.hour()),
            to_part(datetime.minute()),
            to_part(datetime.second()),
        );
        CivilDateTime::new(date, time)
    }

    fn civil_weekday(&self) -> Weekday {
        Weekday::from_days_from_sunday(to_part(self.0.weekday().to_sunday_zero_offset()))
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let ambiguous = self.0.time_zone().to_ambiguous_zoned_datetime(to_library(civil)?);
        let invalid = |_| CronError::InvalidTime;
        Ok(match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => {
                Resolution::Single(Self(ambiguous.unambiguous().map_err(invalid)?))
            }
            AmbiguousOffset::Fold { .. } => {
                let earlier = ambiguous.clone().earlier().map_err(invalid)?;
                let later = ambiguous.later().map_err(invalid)?;
                Resolution::Ambiguous(Self(earlier), Self(later))
            }
            AmbiguousOffset::Gap { .. } => Resolution::Gap,
        })
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        self.0.checked_add(SignedDuration::from_secs(seconds)).ok().map(Self)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.0.timestamp().cmp(&other.0.timestamp())
    }
}
