//! `<tool_call>{"name": …, "arguments": …}</tool_call>`, also with a list of such objects.

use super::Written;
use super::envelope::{Setting, objects};
use super::scan::{Cursor, Stop};

const OPEN: &str = "<tool_call>";
const CLOSE: &str = "</tool_call>";

pub(super) fn read(cursor: &mut Cursor<'_>, calls: &mut Vec<Written>) -> Result<(), Stop> {
    cursor.eat(OPEN)?;
    cursor.blanks();
    objects(cursor, Setting::Before(CLOSE), calls)?;
    cursor.blanks();
    // A server's grammar may let one brace too many through.
    while cursor.eat_if("}")? {
        cursor.blanks();
    }
    cursor.eat_if(CLOSE)?;
    Ok(())
}
