//! The terminal as its users meet it.
