//! Checks of what saves the server work: its prefix cache, and stopping when the client
//! disconnects.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use futures_util::StreamExt;
use openclaw_transport::StreamEvent;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::examination::{DoctorRun, DoctorTarget};
use crate::probe::{LOAD_QUERY_TIMEOUT, ProbeAnswer, ProbeFailure, set_field};
use crate::prompts;
use crate::report::CheckOutcome;
use crate::wording::format_duration;

/// The interval between load queries.
const LOAD_POLL_INTERVAL: Duration = Duration::from_millis(20);

/// How soon a server must be idle after the client disconnected.
const MAX_RELEASE_DELAY: Duration = Duration::from_millis(300);

impl DoctorRun<'_> {
    pub(crate) async fn check_prefix_cache(&mut self, target: &mut DoctorTarget) -> CheckOutcome {
        let window = self
            .connected_model
            .as_ref()
            .map_or(4096, |model| model.model_info().limits.context_window);
        let bytes = usize::try_from(window / 2).unwrap_or(usize::MAX).min(6_000);
        let mark = format!("{:016x}", RandomState::new().hash_one(()));
        let body = target.probe.request_body(&prompts::lengthy_prompt(&mark, bytes), 1);
        let twice = async {
            let first = target.probe.request_answer(&body).await?;
            Ok::<_, ProbeFailure>((first, target.probe.request_answer(&body).await?))
        };
        match twice.await {
            Ok((first, second)) => prefix_cache_outcome(&first, &second),
            Err(failed) => CheckOutcome::unknown(failed.message),
        }
    }

    pub(crate) async fn check_cancel(&mut self, target: &mut DoctorTarget) -> CheckOutcome {
        let unseen = "the server does not say how many requests it has (`/metrics`)";
        if self.connect_target(target).await.is_err() {
            return CheckOutcome::unknown(unseen);
        }
        let running = match self.server_load().await {
            None => return CheckOutcome::unknown(unseen),
            Some((running, waiting)) => running + waiting,
        };
        if running > 0 {
            return CheckOutcome::unknown(format!(
                "it is busy with {running} others; try again later"
            ));
        }
        let window = self
            .connected_model
            .as_ref()
            .map_or(4096, |model| model.model_info().limits.context_window);
        let mut body =
            target.probe.request_body(&prompts::long_question(), (window / 2).min(4_000));
        set_field(&mut body, "stream", json!(true));
        if self.is_vllm() {
            set_field(&mut body, "ignore_eos", json!(true));
        }
        let client = &target.probe.client;
        let url = client.endpoint().api_url("chat/completions");
        let mut events = match client.post_stream(url, body.to_string().into()).await {
            Ok(events) => events,
            Err(error) => return CheckOutcome::unknown(ProbeFailure::from(error).message),
        };
        while !matches!(events.next().await, Some(Ok(StreamEvent::Data(_)) | Err(_)) | None) {}
        if self.server_load().await.is_none_or(|(running, _)| running == 0) {
            return CheckOutcome::unknown("the answer ended before it could be left");
        }
        drop(events);
        let left = Instant::now();
        loop {
            let load = self.server_load().await;
            let after = left.elapsed();
            match load {
                None => return CheckOutcome::unknown(unseen),
                Some((0, 0)) if after <= MAX_RELEASE_DELAY => {
                    return CheckOutcome::pass(format!(
                        "free {} after it was left",
                        format_duration(after)
                    ));
                }
                Some((0, 0)) => {
                    return CheckOutcome::fail(format!(
                        "free only {} after it was left",
                        format_duration(after)
                    ))
                    .with_server_advice(
                        "see to the proxy in between: it must close its own connection too",
                    );
                }
                Some(_) if after > LOAD_QUERY_TIMEOUT => {
                    return CheckOutcome::fail(format!(
                        "still at work {} after it was left",
                        format_duration(after)
                    ))
                    .with_server_advice(
                        "see to the proxy in between: it must close its own connection too",
                    );
                }
                Some(_) => sleep(LOAD_POLL_INTERVAL).await,
            }
        }
    }
}

/// Compares two answers to the same long prompt.
fn prefix_cache_outcome(first: &ProbeAnswer, second: &ProbeAnswer) -> CheckOutcome {
    let took =
        format!("{}, then {}", format_duration(first.elapsed), format_duration(second.elapsed));
    let prompt = second.usage.map_or(0, |usage| usage.prompt_tokens);
    match second.cached_tokens() {
        Some(cached @ 1..) => CheckOutcome::pass(format!(
            "{cached} of {prompt} prompt tokens came from it the second time ({took})"
        )),
        Some(0) => {
            CheckOutcome::fail(format!("none of {prompt} prompt tokens came from it ({took})"))
                .with_server_advice("start vLLM with `--enable-prefix-caching`")
        }
        None => {
            let is_faster =
                second.elapsed < first.elapsed / 2 && first.elapsed > Duration::from_millis(200);
            let outcome = if is_faster {
                CheckOutcome::pass(format!(
                    "the second time was faster ({took}); the server does not report why"
                ))
            } else {
                CheckOutcome::unknown(format!(
                    "the server does not report it ({took} for {prompt} prompt tokens)"
                ))
            };
            outcome.with_server_advice("`--enable-prompt-tokens-details` makes vLLM report it")
        }
    }
}
