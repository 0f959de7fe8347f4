//! One fence of JSON as the whole text: `{"name" or "tool": …, "arguments" or "parameters": …}`.

use super::Written;
use super::envelope::{Setting, objects};
use super::scan::{Cursor, Stop};

const FENCE: &str = "```";
const LANGUAGE: &str = "json";

pub(super) fn read(cursor: &mut Cursor<'_>, calls: &mut Vec<Written>) -> Result<(), Stop> {
    cursor.eat(FENCE)?;
    cursor.eat_if(LANGUAGE)?;
    cursor.blanks();
    objects(cursor, Setting::Bare, calls)?;
    cursor.blanks();
    cursor.eat(FENCE)
}
