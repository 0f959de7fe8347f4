//! The sessions of a folder, to choose from.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use openclaw_runtime::{SessionId, SessionInfo, session_folder};

use crate::progress::format_age;

/// The most sessions that are shown at once.
pub(crate) const MAX_ROWS: usize = 15;

/// The sessions of the conversation's folder, the last used first.
#[derive(Debug)]
pub(crate) struct SessionChoice {
    sessions: Vec<SessionInfo>,
    /// The session of the conversation.
    current: String,
    /// The places of the sessions that are shown.
    shown: Vec<usize>,
}

/// What a text chooses.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ChosenSession {
    /// One session.
    One(SessionId),
    /// The session of the conversation.
    Current,
    /// Several; they are shown now.
    Several,
    /// None; what is shown stays.
    None,
}

impl SessionChoice {
    /// `current` is the id of the conversation's session.
    pub(crate) fn new(sessions: Vec<SessionInfo>, current: String) -> Self {
        let shown = (0..sessions.len()).collect();
        Self { sessions, current, shown }
    }

    /// Whether there is a session beside that of the conversation.
    pub(crate) fn has_others(&self) -> bool {
        self.sessions.iter().any(|info| info.id.as_str() != self.current)
    }

    /// The shown sessions, one a row; the conversation's own is marked.
    pub(crate) fn format_rows(&self) -> String {
        let infos = self.shown.iter().filter_map(|place| self.sessions.get(*place));
        let mut rows: Vec<String> = infos
            .take(MAX_ROWS)
            .enumerate()
            .map(|(index, info)| {
                let mark = if info.id.as_str() == self.current { "●" } else { " " };
                let title = info.title.as_deref().unwrap_or("(nothing said)");
                let (number, age) = (index + 1, format_age(session_age(info)));
                format!("{mark} {number:>2}  {age:>8}  {title}")
            })
            .collect();
        let hidden = self.shown.len().saturating_sub(MAX_ROWS);
        if hidden > 0 {
            rows.push(format!("… and {hidden} older; a word that one begins with finds it"));
        }
        rows.join("\n")
    }

    /// Chooses by the number of a shown row, by an id or the beginning of one, or by a text that a
    /// session begins with or has in its key.
    pub(crate) fn choose_session(&mut self, text: &str) -> ChosenSession {
        let text = text.trim();
        let number = text.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let row =
            number.and_then(|index| self.shown.get(index)).filter(|_| number < Some(MAX_ROWS));
        if let Some(info) = row.and_then(|place| self.sessions.get(*place)) {
            return self.to_choice(&info.id);
        }
        let found: Vec<usize> = self
            .sessions
            .iter()
            .enumerate()
            .filter(|(_, info)| matches_choice(info, text))
            .map(|(place, _)| place)
            .collect();
        match found.as_slice() {
            [] => ChosenSession::None,
            [place] => match self.sessions.get(*place) {
                Some(info) => self.to_choice(&info.id),
                None => ChosenSession::None,
            },
            _ => {
                self.shown = found;
                ChosenSession::Several
            }
        }
    }

    fn to_choice(&self, id: &SessionId) -> ChosenSession {
        if id.as_str() == self.current {
            ChosenSession::Current
        } else {
            ChosenSession::One(id.clone())
        }
    }
}

/// Whether a text chooses a session of a folder: its title or its key has it, or its id begins with
/// it. A key that names the folder is the key of all of them.
#[must_use]
pub fn matches_choice(info: &SessionInfo, text: &str) -> bool {
    let text = text.to_lowercase();
    let has_text = |part: &str| part.to_lowercase().contains(&text);
    has_text(info.title.as_deref().unwrap_or_default())
        || info.id.as_str().to_lowercase().starts_with(&text)
        || (session_folder(&info.key).is_none() && has_text(info.key.as_str()))
}

/// How long ago a session was used last.
#[must_use]
pub fn session_age(info: &SessionInfo) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(Duration::from_millis(info.updated_at))
}

/// Whether the session's title, key or id has the text; case does not matter.
#[must_use]
pub fn matches_search(info: &SessionInfo, text: &str) -> bool {
    let text = text.to_lowercase();
    [info.title.as_deref().unwrap_or_default(), info.key.as_str(), info.id.as_str()]
        .iter()
        .any(|part| part.to_lowercase().contains(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(id: &str, title: &str) -> SessionInfo {
        SessionInfo {
            id: id.parse().unwrap(),
            key: "agent:main:main".parse().unwrap(),
            is_current: true,
            agent: "main".to_owned(),
            created_at: 0,
            updated_at: 0,
            title: Some(title.to_owned()),
            model: None,
            events: 0,
            turns: 0,
            turn_open: false,
            input_tokens: 0,
            output_tokens: 0,
            cached_tokens: 0,
            context_tokens: None,
        }
    }

    #[test]
    fn a_session_is_chosen_by_its_row_its_id_or_what_it_begins_with() {
        let sessions = vec![
            info("aaaa-1", "fix the parser"),
            info("bbbb-2", "write the tests"),
            info("cccc-3", "Fix the tests"),
        ];
        let mut choice = SessionChoice::new(sessions, "aaaa-1".to_owned());
        let one = |id: &str| ChosenSession::One(id.parse().unwrap());
        assert!(choice.has_others() && choice.format_rows().starts_with("●  1"));
        assert_eq!(choice.choose_session("2"), one("bbbb-2"));
        assert_eq!(choice.choose_session("1"), ChosenSession::Current);
        assert_eq!(choice.choose_session("cccc"), one("cccc-3"));
        assert_eq!(choice.choose_session("WRITE"), one("bbbb-2"));
        assert_eq!(choice.choose_session("no such"), ChosenSession::None);
        assert_eq!(choice.choose_session("tests"), ChosenSession::Several);
        assert_eq!(choice.format_rows().lines().count(), 2);
        // The numbers are those of the rows that are shown now.
        assert_eq!(choice.choose_session("2"), one("cccc-3"));
        assert_eq!(choice.choose_session("99"), ChosenSession::None);
    }

    #[test]
    fn many_sessions_are_shown_in_part() {
        let sessions = (0..20).map(|number| info(&format!("id-{number:02}"), "same")).collect();
        let mut choice = SessionChoice::new(sessions, "other".to_owned());
        let rows = choice.format_rows();
        assert!(rows.ends_with("… and 5 older; a word that one begins with finds it"), "{rows}");
        assert_eq!(choice.choose_session("id-16"), ChosenSession::One("id-16".parse().unwrap()));
        assert_eq!(choice.choose_session("16"), ChosenSession::None);
    }
}
