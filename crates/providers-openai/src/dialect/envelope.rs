//! A call as a JSON object with its tool's name and its arguments, whose text is left as it is.

use openclaw_core::ToolName;

use super::Written;
use super::scan::{Cursor, NOT_READABLE, Stop, within};

/// Where an object stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    /// By itself: it must have a name and arguments and nothing that other data has.
    Bare,
    /// Before this mark, which also ends what cannot be read.
    Before(&'static str),
}

#[derive(Debug, Default)]
struct Fields<'a> {
    name: Option<ToolName>,
    arguments: Option<&'a str>,
    /// Where the arguments begin.
    begun: Option<Cursor<'a>>,
}

/// Reads one object, or a list of them.
pub(super) fn objects(
    cursor: &mut Cursor<'_>,
    setting: Setting,
    calls: &mut Vec<Written>,
) -> Result<(), Stop> {
    if !cursor.eat_if("[")? {
        calls.push(object(cursor, setting)?);
        return Ok(());
    }
    loop {
        cursor.blanks();
        calls.push(object(cursor, setting)?);
        cursor.blanks();
        if !cursor.eat_if(",")? {
            return cursor.eat("]");
        }
    }
}

/// Reads one object.
pub(super) fn object(cursor: &mut Cursor<'_>, setting: Setting) -> Result<Written, Stop> {
    let start = cursor.clone();
    let mut fields = Fields::default();
    let read = fields.read(cursor, setting);
    let name = match (fields.name, setting) {
        (Some(name), Setting::Before(mark)) => {
            if let Err(Stop::No) = read {
                *cursor = fields.begun.unwrap_or(start);
                let rest = cursor.rest();
                let raw = within(cursor.until(mark), &name, rest)?.trim().to_owned();
                return Ok(Written { name, arguments: raw, fault: Some(NOT_READABLE) });
            }
            name
        }
        (Some(name), Setting::Bare) if fields.begun.is_some() => name,
        _ => return Err(read.err().unwrap_or(Stop::No)),
    };
    within(read, &name, fields.arguments.unwrap_or_default())?;
    let arguments = fields.arguments.unwrap_or_default().to_owned();
    Ok(Written { name, arguments, fault: None })
}

impl<'a> Fields<'a> {
    fn read(&mut self, cursor: &mut Cursor<'a>, setting: Setting) -> Result<(), Stop> {
        cursor.eat("{")?;
        loop {
            cursor.blanks();
            match cursor.peek()? {
                b'}' => return cursor.eat("}"),
                b',' => cursor.eat(",")?,
                b'"' => self.field(cursor, setting)?,
                // The object's own brace may be missing when its arguments are whole.
                _ => match (setting, self.arguments) {
                    (Setting::Before(mark), Some(_)) => return cursor.clone().eat(mark),
                    _ => return Err(Stop::No),
                },
            }
        }
    }

    fn field(&mut self, cursor: &mut Cursor<'a>, setting: Setting) -> Result<(), Stop> {
        cursor.eat("\"")?;
        let key = cursor.run(|byte| !matches!(byte, b'"' | b'\\'));
        cursor.eat("\"")?;
        cursor.blanks();
        cursor.eat(":")?;
        cursor.blanks();
        match key {
            "name" | "tool" => self.name = Some(cursor.quoted_name()?),
            "arguments" | "parameters" => {
                if setting == Setting::Bare && !matches!(cursor.peek()?, b'{' | b'"') {
                    return Err(Stop::No);
                }
                let rest = cursor.rest();
                self.begun = Some(cursor.clone());
                let raw = cursor.json();
                self.arguments = Some(match &self.name {
                    Some(name) => within(raw, name, rest)?,
                    None => raw?,
                });
            }
            "id" | "type" => drop(cursor.json()?),
            _ if setting != Setting::Bare => drop(cursor.json()?),
            _ => return Err(Stop::No),
        }
        Ok(())
    }
}
