//! Tests of the terminal's public interface.

#[cfg(test)]
mod markdown;
