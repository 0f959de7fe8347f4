//! Counts its runs in a state file: `cargo run --example update_counter -- /tmp/counter`.

use std::path::PathBuf;

use openclaw_fs::{StateFile, StateFileError};

fn main() -> Result<(), StateFileError> {
    let path = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("counter"), PathBuf::from);
    let file = StateFile::new(path);
    let mut count = 0_u64;
    file.update_text(|old| {
        let old = old.ok().flatten().unwrap_or_default();
        count = old.trim().parse().unwrap_or(0) + 1;
        Some(format!("{count}\n"))
    })?;
    #[expect(clippy::print_stdout, reason = "an example shows its result")]
    {
        println!("run {count}");
    }
    Ok(())
}
