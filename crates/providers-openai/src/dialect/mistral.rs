//! `[TOOL_CALLS][{"name": …, "arguments": …}]`, or `[TOOL_CALLS]name{…}` in newer models, which may
//! put `[CALL_ID]…` and `[ARGS]` before the arguments.
//!
//! Servers drop these marks from the text unless they are told to keep them, so that what is left
//! is read as well where it is the whole text.

use super::Written;
use super::envelope::{Setting, objects};
use super::scan::{Cursor, Stop, within};

pub(super) fn read(cursor: &mut Cursor<'_>, calls: &mut Vec<Written>) -> Result<(), Stop> {
    cursor.eat("[TOOL_CALLS]")?;
    cursor.blanks();
    match cursor.peek()? {
        b'[' | b'{' => objects(cursor, Setting::Bare, calls),
        _ => named(cursor, calls),
    }
}

pub(super) fn read_bare(cursor: &mut Cursor<'_>, calls: &mut Vec<Written>) -> Result<(), Stop> {
    match cursor.peek()? {
        b'[' => objects(cursor, Setting::Bare, calls),
        b'{' => Err(Stop::No),
        _ => named(cursor, calls),
    }
}

fn named(cursor: &mut Cursor<'_>, calls: &mut Vec<Written>) -> Result<(), Stop> {
    let name = cursor.name()?;
    within(marks(cursor), &name, "")?;
    let rest = cursor.rest();
    let arguments = within(cursor.json(), &name, rest)?.to_owned();
    calls.push(Written { name, arguments, fault: None });
    Ok(())
}

fn marks(cursor: &mut Cursor<'_>) -> Result<(), Stop> {
    if cursor.eat_if("[CALL_ID]")? {
        cursor.run(|byte| byte.is_ascii_alphanumeric());
    }
    cursor.eat_if("[ARGS]")?;
    if cursor.peek()? == b'{' { Ok(()) } else { Err(Stop::No) }
}
