//! The order in which the models of a chain are tried.

/// The order of one run. Returns each index at most once.
#[derive(Debug, Clone)]
pub(super) struct CandidateOrder {
    is_tried: Vec<bool>,
    /// The model to try before all others.
    first: Option<usize>,
}

/// The model to try next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ChainCandidate {
    pub(super) place: usize,
    /// Whether every other remaining model is on cooldown, or none remains.
    pub(super) is_last: bool,
    /// Whether it is tried first regardless of cooldowns.
    pub(super) is_first: bool,
}

impl CandidateOrder {
    pub(super) fn new(places: usize, first: Option<usize>) -> Self {
        Self { is_tried: vec![false; places], first }
    }

    /// Returns the next model; those on cooldown come after the others.
    pub(super) fn next_candidate(&mut self, is_held: &[bool]) -> Option<ChainCandidate> {
        let is_held = |place: usize| is_held.get(place).copied().unwrap_or_default();
        let first = self.first.take().filter(|place| self.is_untried(*place));
        let left = || (0..self.is_tried.len()).filter(|place| self.is_untried(*place));
        let is_first = first.is_some();
        let place = first.or_else(|| left().find(|place| !is_held(*place))).or(left().next())?;
        let is_last = !left().any(|other| other != place && !is_held(other));
        if let Some(is_tried) = self.is_tried.get_mut(place) {
            *is_tried = true;
        }
        Some(ChainCandidate { place, is_last, is_first })
    }

    /// Whether the model was not tried yet.
    pub(super) fn is_untried(&self, place: usize) -> bool {
        self.is_tried.get(place) == Some(&false)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn walk(mut course: CandidateOrder, is_held: &[bool]) -> Vec<(usize, bool)> {
        let turns = std::iter::from_fn(|| course.next_candidate(is_held));
        turns.map(|turn| (turn.place, turn.is_last)).collect()
    }

    #[test]
    fn what_is_held_back_comes_last_but_comes() {
        let all = |is_held: [bool; 3], first| walk(CandidateOrder::new(3, first), &is_held);
        let (yes, no) = (true, false);
        assert_eq!(all([no; 3], None), [(0, no), (1, no), (2, yes)]);
        assert_eq!(all([yes, no, no], None), [(1, no), (2, yes), (0, yes)]);
        assert_eq!(all([yes; 3], None), [(0, yes), (1, yes), (2, yes)]);
        assert_eq!(all([no; 3], Some(1)), [(1, no), (0, no), (2, yes)]);
        assert_eq!(all([yes, yes, no], Some(1)), [(1, no), (2, yes), (0, yes)]);
        assert_eq!(all([no; 3], Some(7)), [(0, no), (1, no), (2, yes)]);
    }

    proptest! {
        #[test]
        fn each_is_tried_once_and_then_it_ends(
            places in 0_usize..20,
            first in proptest::option::of(0_usize..25),
            // Breakers may open and close during a run.
            is_held in vec(vec(any::<bool>(), 0..20), 0..30),
        ) {
            let mut course = CandidateOrder::new(places, first);
            let mut tried = Vec::new();
            let mut is_held = is_held.into_iter();
            while let Some(turn) = course.next_candidate(&is_held.next().unwrap_or_default()) {
                tried.push(turn.place);
                prop_assert!(tried.len() <= places);
            }
            tried.sort_unstable();
            prop_assert_eq!(tried, (0..places).collect::<Vec<_>>());
        }
    }
}
