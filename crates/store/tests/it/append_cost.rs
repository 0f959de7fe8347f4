//! An entry costs the same in a short and in a long session.
#![expect(unsafe_code, reason = "only an allocator can count bytes")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use openclaw_core::{AssistantMessage, Journal as _, JournalEntry};

use crate::talk::{block_on, store, take};

thread_local! {
    static BYTES: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: everything is handed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.set(BYTES.get() + layout.size());
        // SAFETY: the caller keeps the promises that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Each is a user message and its answer.
const MEASURED_TURNS: usize = 20;

/// The bytes that the caller of some appends allocates, after `turns` turns.
fn append_cost(turns: usize) -> usize {
    let (_folder, store) = store();
    let session = take(&store).session;
    let answer = AssistantMessage::from_text("An answer.");
    block_on(async {
        let append = async |turns| {
            for _ in 0..turns {
                session.append_entry(JournalEntry::UserMessage("A question?")).await.unwrap();
                session.append_entry(JournalEntry::AssistantMessage(&answer)).await.unwrap();
            }
        };
        append(turns).await;
        let before = BYTES.get();
        append(MEASURED_TURNS).await;
        BYTES.get() - before
    })
}

#[test]
fn an_append_costs_the_same_in_a_session_of_any_length() {
    let (short, long) = (append_cost(10), append_cost(600));
    assert!(short > MEASURED_TURNS * "A question?".len(), "what is counted counts: {short}");
    // A copy of the history's 1,200 pointers would take 9,600 bytes an entry.
    assert!(long < short + 9_600, "{long} bytes against {short}");
}
