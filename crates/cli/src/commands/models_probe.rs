//! `openclaw models probe`.

use std::io;

use openclaw_runtime::Check;

use crate::args::doctor::ModelsProbe;
use crate::commands::{Context, doctor};
use crate::exit::Exit;

pub(crate) async fn run(context: &Context, args: &ModelsProbe) -> io::Result<Exit> {
    let only = Check::ALL.into_iter().filter(|check| check.is_ability()).collect();
    let options = doctor::options(args.model.clone(), None, only, args.timeout);
    let report = doctor::examine(context, &options, args.json).await?;
    if args.json {
        context.printer.answer_json(&doctor::to_json(&report))?;
    }
    Ok(doctor::exit_of(&report))
}
