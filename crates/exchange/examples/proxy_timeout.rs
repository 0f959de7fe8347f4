//! Tells whether a proxy ended an exchange: `cargo run --example proxy_timeout -- 60.2`.

use std::io::Write as _;
use std::time::Duration;

use openclaw_exchange::HttpExchange;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seconds = std::env::args().nth(1).as_deref().unwrap_or("60.2").parse()?;
    let exchange =
        HttpExchange { idle_for: Duration::try_from_secs_f64(seconds)?, ..HttpExchange::default() };
    let mut out = std::io::stdout();
    match exchange.likely_proxy_timeout() {
        Some(limit) => writeln!(out, "a proxy that waits for {} s", limit.as_secs())?,
        None => writeln!(out, "no known timeout of a proxy")?,
    }
    Ok(())
}
