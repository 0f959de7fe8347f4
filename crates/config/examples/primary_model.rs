//! Prints the model that a config selects: `cargo run --example primary_model [CONFIG]`.

use std::{
    error::Error,
    io::{self, Write},
    path::PathBuf,
};

use openclaw_config::{AppPaths, Config, Env};

fn main() -> Result<(), Box<dyn Error>> {
    let env = Env::from_process();
    let explicit = std::env::args_os().nth(1).map(PathBuf::from);
    let loaded = Config::load(&AppPaths::new(&env, explicit.as_deref())?, &env)?;
    for diagnostic in &loaded.diagnostics {
        writeln!(io::stderr(), "{diagnostic}")?;
    }
    let model = loaded.config.primary_model(&env)?.unwrap_or_else(|| "none".to_owned());
    let origin = loaded.find_origin("agents.defaults.model");
    writeln!(io::stdout(), "{model} (from {origin})")?;
    Ok(())
}
