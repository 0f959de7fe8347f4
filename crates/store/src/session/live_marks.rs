//! The marks in a log by which undo finds the last turn and the last compaction.

use std::ops::RangeInclusive;

use rusqlite::{Connection, params};

use crate::schema::MARK_FILTER;
use crate::{StoreError, log};

/// The marks of a session that are not retracted, in order.
#[derive(Debug, Default)]
pub(super) struct LiveMarks {
    user_entries: Vec<u64>,
    turn_marks: Vec<u64>,
    compactions: Vec<u64>,
}

impl LiveMarks {
    /// Reads the marks of the session in this row.
    pub(super) fn read(connection: &Connection, session: i64) -> Result<Self, StoreError> {
        let fail = StoreError::from_sql_error("read the session");
        let retracted = log::retracted_ranges(connection, session)?;
        let mut live = Self::default();
        for (kind, list) in [
            ("user", &mut live.user_entries),
            ("turn", &mut live.turn_marks),
            ("compacted", &mut live.compactions),
        ] {
            let mut select = connection
                .prepare(&format!(
                    "SELECT seq FROM event WHERE session = ?1 AND kind = ?2 AND {MARK_FILTER}
                     ORDER BY seq"
                ))
                .map_err(fail)?;
            let seqs = select.query_map(params![session, kind], |row| row.get::<_, i64>(0));
            for seq in seqs.map_err(fail)? {
                let seq = seq.map_err(fail)?.unsigned_abs();
                if !retracted.contains_seq(seq) {
                    list.push(seq);
                }
            }
        }
        Ok(live)
    }

    /// The last turn: from the first user message after the previous turn, to the end.
    pub(super) fn last_turn_range(&self, last_seq: u64) -> Option<RangeInclusive<u64>> {
        let last_user = self.user_entries.last()?;
        let before =
            self.turn_marks.iter().rev().find(|turn| *turn < last_user).copied().unwrap_or(0);
        let first = self.user_entries.iter().find(|user| **user > before)?;
        Some(*first..=last_seq)
    }

    /// The event of the last compaction; `_last_seq` is for the shape of [`Self::last_turn_range`].
    pub(super) fn last_compaction_range(&self, _last_seq: u64) -> Option<RangeInclusive<u64>> {
        self.compactions.last().map(|seq| *seq..=*seq)
    }
}
