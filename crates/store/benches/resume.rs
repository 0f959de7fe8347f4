//! How long a session takes to be taken up again: `cargo bench -p openclaw-store`.
fn main() {}
