//! The terminal as its users meet it.

#[cfg(test)]
mod markdown;
