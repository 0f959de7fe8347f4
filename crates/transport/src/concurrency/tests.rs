//! The limiter against a model of it: a list, sorted by priority and arrival.

use std::future::Future;
use std::pin::Pin;

use futures_util::FutureExt;
use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone, Copy)]
enum Step {
    /// A stream asks for a permit.
    Come(StreamPriority),
    /// A running stream ends.
    Leave(usize),
    /// A waiting stream, or one just admitted, is dropped.
    GiveUp(usize),
    /// Every waiting stream is polled.
    Look,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let priority = prop_oneof![
        Just(StreamPriority::Background),
        Just(StreamPriority::FollowUp),
        Just(StreamPriority::User)
    ];
    let step = prop_oneof![
        4 => priority.prop_map(Step::Come),
        2 => any::<usize>().prop_map(Step::Leave),
        1 => any::<usize>().prop_map(Step::GiveUp),
        2 => Just(Step::Look),
    ];
    proptest::collection::vec(step, 0..60)
}

type Entering = Pin<Box<dyn Future<Output = StreamPermit>>>;

/// A stream that waits, or was admitted and not polled since.
struct Guest {
    number: usize,
    entering: Entering,
}

#[derive(Default)]
struct Model {
    /// Numbers of the streams that hold a permit, polled or not.
    inside: Vec<usize>,
    waiting: Vec<(StreamPriority, usize)>,
}

impl Model {
    fn leave(&mut self, number: usize) {
        self.inside.retain(|other| *other != number);
        let next = self.waiting.iter().copied().enumerate();
        let next = next.max_by_key(|(_, (priority, number))| (*priority, usize::MAX - number));
        if let Some((place, (_, number))) = next {
            self.waiting.remove(place);
            self.inside.push(number);
        }
    }
}

/// Polls the waiting streams and moves those with a permit inside.
fn look(outside: &mut Vec<Guest>, inside: &mut Vec<(usize, StreamPermit)>) {
    for mut guest in std::mem::take(outside) {
        match guest.entering.as_mut().now_or_never() {
            Some(pass) => inside.push((guest.number, pass)),
            None => outside.push(guest),
        }
    }
}

fn numbers(inside: &[(usize, StreamPermit)]) -> Vec<usize> {
    let mut numbers: Vec<usize> = inside.iter().map(|(number, _)| *number).collect();
    numbers.sort_unstable();
    numbers
}

proptest! {
    #[test]
    fn never_too_many_are_in_nobody_is_forgotten_and_the_urgent_go_first(
        limit in 1_usize..4,
        steps in steps(),
    ) {
        let turnstile = ConcurrencyLimiter::new(NonZeroUsize::new(limit).unwrap());
        let mut model = Model::default();
        let (mut outside, mut inside) = (Vec::<Guest>::new(), Vec::<(usize, StreamPermit)>::new());
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Come(priority) => {
                    let handle = turnstile.clone();
                    let mut entering: Entering =
                        Box::pin(async move { handle.acquire_permit(priority).await });
                    match entering.as_mut().now_or_never() {
                        Some(pass) => inside.push((number, pass)),
                        None => outside.push(Guest { number, entering }),
                    }
                    if model.inside.len() < limit {
                        model.inside.push(number);
                    } else {
                        model.waiting.push((priority, number));
                    }
                }
                Step::Leave(place) if !inside.is_empty() => {
                    let (number, pass) = inside.swap_remove(place % inside.len());
                    drop(pass);
                    model.leave(number);
                }
                Step::GiveUp(place) if !outside.is_empty() => {
                    let guest = outside.swap_remove(place % outside.len());
                    drop(guest.entering);
                    if model.inside.contains(&guest.number) {
                        model.leave(guest.number);
                    } else {
                        model.waiting.retain(|(_, number)| *number != guest.number);
                    }
                }
                Step::Leave(_) | Step::GiveUp(_) => {}
                Step::Look => {
                    look(&mut outside, &mut inside);
                    let mut expected = model.inside.clone();
                    expected.sort_unstable();
                    prop_assert_eq!(numbers(&inside), expected);
                }
            }
            prop_assert!(inside.len() <= limit);
            let depth = QueueDepth { in_flight: model.inside.len(), waiting: model.waiting.len() };
            prop_assert_eq!(turnstile.queue_depth(), depth);
        }
        // Every stream that was not dropped gets a permit in the end.
        while !inside.is_empty() || !outside.is_empty() {
            look(&mut outside, &mut inside);
            prop_assert!(inside.pop().is_some(), "someone waits for nobody");
        }
        prop_assert_eq!(turnstile.queue_depth(), QueueDepth { in_flight: 0, waiting: 0 });
    }
}
