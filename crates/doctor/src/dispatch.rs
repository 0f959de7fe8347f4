//! Maps each check to the function that runs it.

use crate::check::Check;
use crate::examination::{DoctorRun, DoctorTarget, uses_native_api};
use crate::report::{CheckOutcome, CheckStatus};

impl DoctorRun<'_> {
    /// Runs one check, without a time limit.
    pub(crate) async fn run_check(&mut self, check: Check) -> CheckOutcome {
        match check {
            Check::Config => return self.check_config(),
            Check::Model => return self.check_model().await,
            _ => {}
        }
        // Put back after the check, whatever its outcome.
        let Some(mut target) = self.target.take() else {
            return CheckOutcome::new(CheckStatus::Skipped, "there is no server to ask");
        };
        let is_native = uses_native_api(target.provider.effective_api());
        let native_outcome =
            if is_native { self.check_via_model(check, &target).await } else { None };
        let outcome = match native_outcome {
            Some(outcome) => outcome,
            None => self.run_server_check(check, &mut target).await,
        };
        self.target = Some(target);
        outcome
    }

    async fn run_server_check(&mut self, check: Check, target: &mut DoctorTarget) -> CheckOutcome {
        match check {
            Check::Config | Check::Model => CheckOutcome::unknown("was made before"),
            Check::Reachable => self.check_reachable(target).await,
            Check::Auth => self.check_auth(target).await,
            Check::Models => self.check_models(target),
            Check::Window => self.check_window(target).await,
            Check::Chat => self.check_chat(target).await,
            Check::Stream => self.check_stream(target).await,
            Check::Usage => self.check_usage(target),
            Check::ToolsAuto => self.check_tools_auto(target).await,
            Check::ToolsRequired => self.check_tools_required(target).await,
            Check::ToolsNamed => self.check_tools_named(target).await,
            Check::ToolHistory => self.check_tool_history(target).await,
            Check::Reasoning => self.check_reasoning(target).await,
            Check::Roles => self.check_roles(target).await,
            Check::Content => self.check_content(target).await,
            Check::Tokenize => self.check_tokenize(target).await,
            Check::PrefixCache => self.check_prefix_cache(target).await,
            Check::Cancel => self.check_cancel(target).await,
            Check::Exposure => self.check_exposure(target).await,
        }
    }
}
