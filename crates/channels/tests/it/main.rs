//! The client of Telegram against a server of the Bot API on loopback.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

mod telegram;
