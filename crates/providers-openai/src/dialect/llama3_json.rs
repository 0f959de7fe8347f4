//! `{"name": …, "parameters": …}` as the whole text, several divided by `;` or white space, also
//! behind `<|python_tag|>`.

use super::Written;
use super::envelope::{Setting, object};
use super::scan::{Cursor, Stop};

const TAG: &str = "<|python_tag|>";

pub(super) fn read(cursor: &mut Cursor<'_>, calls: &mut Vec<Written>) -> Result<(), Stop> {
    cursor.eat_if(TAG)?;
    loop {
        cursor.blanks();
        calls.push(object(cursor, Setting::Bare)?);
        cursor.blanks();
        match cursor.peek() {
            Ok(b';') => cursor.eat(";")?,
            Ok(b'{') => {}
            _ => return Ok(()),
        }
    }
}
