//! From a turn to an answer: cut to its limits, and seen through the tool parser.

use std::mem;

use super::request::{ChatRequest, ToolChoice};
use crate::python;
use crate::tokenizer::{count, pieces};
use crate::turn::{Call, Finish, Part, Turn};

/// A turn as this request gets it.
#[derive(Debug)]
pub(crate) struct Answer {
    parts: Vec<Part>,
    raw: Option<String>,
    choice: ToolChoice,
    pub(crate) finish: Finish,
    pub(crate) stop_reason: Option<String>,
    pub(crate) completion_tokens: u32,
    pub(crate) reasoned: bool,
}

/// One event's worth of a streamed answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Delta {
    Text(String),
    Reasoning(String),
    CallStart {
        index: usize,
        id: Option<String>,
        name: String,
    },
    Arguments {
        index: usize,
        text: String,
    },
    /// A piece of a call that `parallel_tool_calls: false` suppresses.
    Muted,
}

/// The message of an answer that is not streamed.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) content: Option<String>,
    pub(crate) reasoning: Option<String>,
    pub(crate) calls: Vec<Call>,
    pub(crate) finish: Finish,
}

impl Answer {
    /// Cuts a turn at a stop string and at `room` tokens, unless it says itself how it ends.
    pub(crate) fn new(mut turn: Turn, request: &ChatRequest, room: u32) -> Self {
        let reasoned = turn.parts.iter().any(|part| matches!(part, Part::Reasoning(_)));
        if request.choice == ToolChoice::None {
            write_calls_out(&mut turn);
        }
        if !request.flag("include_reasoning", true) {
            turn.parts.retain(|part| !matches!(part, Part::Reasoning(_)));
        }
        let mut finish = turn.finish;
        if finish == Some(Finish::Length)
            && let Some(Part::Call(call)) = turn.parts.last_mut()
        {
            call.is_cut = python::redump(&call.arguments.concat()).is_none();
        }
        if finish.is_none() && turn.usage.completion.is_none() {
            if let Some(stop) = cut_at_stop(&mut turn.parts, &request.stops()) {
                turn.stop_reason = Some(stop);
                finish = Some(Finish::Stop);
            }
            if cut_to(&mut turn.parts, room) {
                turn.stop_reason = None;
                finish = Some(Finish::Length);
            }
        }
        let has_calls = turn.parts.iter().any(|part| matches!(part, Part::Call(_)));
        let finish = finish.unwrap_or(match request.choice {
            ToolChoice::Auto | ToolChoice::Required if has_calls => Finish::ToolCalls,
            _ => Finish::Stop,
        });
        let counted = || {
            let ended = u32::from(finish != Finish::Length && turn.stop_reason.is_none());
            turn.parts.iter().map(tokens).sum::<u32>() + ended
        };
        Self {
            completion_tokens: turn.usage.completion.unwrap_or_else(counted),
            parts: turn.parts,
            raw: turn.raw,
            choice: request.choice.clone(),
            finish,
            stop_reason: turn.stop_reason,
            reasoned,
        }
    }

    /// The answer as the deltas of a stream.
    pub(crate) fn into_deltas(self, parallel: bool) -> Vec<Delta> {
        let mut deltas = Vec::with_capacity(self.parts.len() + 1);
        let mut index = 0;
        for part in self.parts {
            match part {
                Part::Text(text) => deltas.push(Delta::Text(text)),
                Part::Reasoning(text) => deltas.push(Delta::Reasoning(text)),
                Part::Withheld(_) => {}
                Part::Call(call) if parallel || index == 0 => {
                    deltas.push(Delta::CallStart { index, id: call.id, name: call.name });
                    let arguments = call.arguments.into_iter();
                    deltas.extend(arguments.map(|text| Delta::Arguments { index, text }));
                    index += 1;
                }
                Part::Call(call) => {
                    deltas.extend((0..=call.arguments.len()).map(|_| Delta::Muted));
                }
            }
        }
        deltas
    }

    /// The number of events a stream of it would have before the last two.
    pub(crate) fn events(&self) -> usize {
        let pieces = |part: &Part| match part {
            Part::Call(call) => 1 + call.arguments.len(),
            Part::Withheld(_) => 0,
            Part::Text(_) | Part::Reasoning(_) => 1,
        };
        1 + self.parts.iter().map(pieces).sum::<usize>()
    }

    /// The answer as one message.
    pub(crate) fn into_whole(self, parallel: bool) -> Whole {
        let mut reasoning: Option<String> = None;
        let (mut text, mut raw) = (String::new(), String::new());
        let (mut calls, mut parsed) = (Vec::new(), self.finish != Finish::Length);
        for part in self.parts {
            match part {
                Part::Text(piece) => text.push_str(&piece),
                Part::Reasoning(piece) => reasoning.get_or_insert_default().push_str(&piece),
                Part::Withheld(piece) => {
                    parsed = false;
                    raw.push_str(&piece);
                }
                Part::Call(call) => {
                    raw.push_str(if raw.is_empty() { "" } else { "\n" });
                    raw.push_str(&call.raw());
                    calls.push(call);
                }
            }
        }
        if !parallel {
            calls.truncate(1);
        }
        for call in &mut calls {
            match python::redump(&call.arguments.concat()) {
                Some(arguments) => call.arguments = vec![arguments],
                None => parsed = false,
            }
        }
        if raw.is_empty() || !parsed {
            text.push_str(&self.raw.unwrap_or(raw));
            let only_reasoned = self.reasoned && text.is_empty() && !self.choice.is_forced();
            // A call that cannot be parsed is text, and only a forced one still counts as a call.
            let finish = match self.finish {
                Finish::ToolCalls if self.choice == ToolChoice::Auto => Finish::Stop,
                finish => finish,
            };
            let content = (!only_reasoned).then_some(text);
            return Whole { content, reasoning, calls: Vec::new(), finish };
        }
        let content = (self.choice.is_forced() || !text.is_empty()).then_some(text);
        Whole { content, reasoning, calls, finish: self.finish }
    }
}

/// Without a tool parser a call is what the model wrote.
fn write_calls_out(turn: &mut Turn) {
    for part in &mut turn.parts {
        match part {
            Part::Call(call) => *part = Part::Text(call.raw()),
            Part::Withheld(text) => *part = Part::Text(mem::take(text)),
            _ => {}
        }
    }
}

fn tokens(part: &Part) -> u32 {
    match part {
        Part::Text(text) | Part::Reasoning(text) | Part::Withheld(text) => count(text),
        Part::Call(call) => count(&call.raw()),
    }
}

/// Cuts the text before the first stop string in it and returns that string.
fn cut_at_stop(parts: &mut Vec<Part>, stops: &[&str]) -> Option<String> {
    if stops.is_empty() {
        return None;
    }
    let texts = parts.iter().filter_map(|part| match part {
        Part::Text(text) => Some(text.as_str()),
        _ => None,
    });
    let said: String = texts.collect();
    let (mut left, stop) = stops.iter().filter_map(|stop| Some((said.find(stop)?, *stop))).min()?;
    let mut ended = false;
    parts.retain_mut(|part| match part {
        _ if ended => false,
        Part::Text(text) if text.len() > left => {
            text.truncate(left);
            ended = true;
            left > 0
        }
        Part::Text(text) => {
            left -= text.len();
            true
        }
        _ => true,
    });
    Some(stop.to_owned())
}

/// Keeps the first `room` tokens; true if any were lost.
fn cut_to(parts: &mut Vec<Part>, room: u32) -> bool {
    let mut left = room;
    for index in 0..parts.len() {
        let Some(part) = parts.get_mut(index) else { break };
        let cost = tokens(part);
        if cost <= left {
            left -= cost;
            continue;
        }
        match part {
            Part::Text(text) | Part::Reasoning(text) | Part::Withheld(text) => keep(text, left),
            Part::Call(call) => {
                let mut head = call.raw_head();
                let room = left.checked_sub(count(&head)).filter(|room| *room > 0);
                if let Some(room) = room {
                    let mut arguments = call.arguments.concat();
                    keep(&mut arguments, room);
                    cut_pieces(&mut call.arguments, arguments.len());
                    call.is_cut = true;
                } else {
                    keep(&mut head, left);
                    *part = Part::Withheld(head);
                }
            }
        }
        parts.truncate(index + usize::from(left > 0));
        return true;
    }
    false
}

fn keep(text: &mut String, tokens: u32) {
    let kept = pieces(text).take(tokens as usize).map(str::len).sum();
    text.truncate(kept);
}

fn cut_pieces(pieces: &mut Vec<String>, mut length: usize) {
    pieces.retain_mut(|piece| {
        let kept = piece.floor_char_boundary(length.min(piece.len()));
        length -= kept;
        piece.truncate(kept);
        kept > 0
    });
}
