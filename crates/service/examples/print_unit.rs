//! Prints the systemd unit of a program: `cargo run -p openclaw-service --example print_unit --
//! /usr/bin/backup --to /srv`.

use std::error::Error;
use std::io::{self, Write as _};

use openclaw_service::ServiceDefinition;

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let program = words.next().unwrap_or_else(|| "/usr/bin/env".to_owned());
    let mut service = ServiceDefinition::new("example", "An example", program);
    service.args = words.collect();
    write!(io::stdout(), "{}", service.to_systemd_unit()?)?;
    Ok(())
}
