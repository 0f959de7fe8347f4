//! The checks of what saves the server work: its prefix cache, and that it stops when left.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use futures_util::StreamExt;
use openclaw_transport::StreamEvent;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::examination::{Examination, Target};
use super::probe::{Answer, Failed, with};
use super::prompts;
use super::report::Outcome;
use super::words::time;

/// How long a question about the server's load may take: not knowing is no harm.
pub(super) const MOMENT: Duration = Duration::from_secs(3);

/// From one look at the server's load to the next.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How soon a server must be free after it was left.
const SOON: Duration = Duration::from_millis(300);

impl Examination<'_> {
    pub(super) async fn prefix_cache(&mut self, target: &mut Target) -> Outcome {
        let window = self.connected.as_ref().map_or(4096, |model| model.info().limits.window);
        let bytes = usize::try_from(window / 2).unwrap_or(usize::MAX).min(6_000);
        let mark = format!("{:016x}", RandomState::new().hash_one(()));
        let body = target.probe.body(&prompts::lengthy(&mark, bytes), 1);
        let twice = async {
            let first = target.probe.ask(&body).await?;
            Ok::<_, Failed>((first, target.probe.ask(&body).await?))
        };
        match twice.await {
            Ok((first, second)) => judge(&first, &second),
            Err(failed) => Outcome::unknown(failed.said),
        }
    }

    pub(super) async fn cancel(&mut self, target: &mut Target) -> Outcome {
        let unseen = "the server does not say how many requests it has (`/metrics`)";
        if self.connect(target).await.is_err() {
            return Outcome::unknown(unseen);
        }
        let running = match self.load().await {
            None => return Outcome::unknown(unseen),
            Some((running, waiting)) => running + waiting,
        };
        if running > 0 {
            return Outcome::unknown(format!("it is busy with {running} others; try again later"));
        }
        let window = self.connected.as_ref().map_or(4096, |model| model.info().limits.window);
        let mut body = target.probe.body(&prompts::long(), (window / 2).min(4_000));
        with(&mut body, "stream", json!(true));
        if self.is_vllm() {
            with(&mut body, "ignore_eos", json!(true));
        }
        let client = &target.probe.client;
        let url = client.endpoint().api("chat/completions");
        let mut events = match client.stream(url, body.to_string().into()).await {
            Ok(events) => events,
            Err(error) => return Outcome::unknown(Failed::from(error).said),
        };
        while !matches!(events.next().await, Some(Ok(StreamEvent::Data(_)) | Err(_)) | None) {}
        if self.load().await.is_none_or(|(running, _)| running == 0) {
            return Outcome::unknown("the answer ended before it could be left");
        }
        drop(events);
        let left = Instant::now();
        loop {
            let load = self.load().await;
            let after = left.elapsed();
            match load {
                None => return Outcome::unknown(unseen),
                Some((0, 0)) if after <= SOON => {
                    return Outcome::pass(format!("free {} after it was left", time(after)));
                }
                Some((0, 0)) => {
                    return Outcome::fail(format!("free only {} after it was left", time(after)))
                        .server(
                            "see to the proxy in between: it must close its own connection too",
                        );
                }
                Some(_) if after > MOMENT => {
                    return Outcome::fail(format!(
                        "still at work {} after it was left",
                        time(after)
                    ))
                    .server("see to the proxy in between: it must close its own connection too");
                }
                Some(_) => sleep(LOOK_EVERY).await,
            }
        }
    }
}

/// Judges two answers to the same long prompt.
fn judge(first: &Answer, second: &Answer) -> Outcome {
    let took = format!("{}, then {}", time(first.elapsed), time(second.elapsed));
    let prompt = second.usage.map_or(0, |usage| usage.prompt_tokens);
    match second.cached() {
        Some(cached @ 1..) => Outcome::pass(format!(
            "{cached} of {prompt} prompt tokens came from it the second time ({took})"
        )),
        Some(0) => Outcome::fail(format!("none of {prompt} prompt tokens came from it ({took})"))
            .server("start vLLM with `--enable-prefix-caching`"),
        None => {
            let is_faster =
                second.elapsed < first.elapsed / 2 && first.elapsed > Duration::from_millis(200);
            let outcome = if is_faster {
                Outcome::pass(format!("the second time was faster ({took}); it is not told why"))
            } else {
                Outcome::unknown(format!("it is not told ({took} for {prompt} prompt tokens)"))
            };
            outcome.server("`--enable-prompt-tokens-details` makes vLLM tell of it")
        }
    }
}
