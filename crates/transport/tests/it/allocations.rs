//! Allocations of a stream per event, with a trace and without.
#![expect(unsafe_code, reason = "only an allocator can count allocations")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use futures_util::StreamExt;
use openclaw_transport::{Client, Trace, TraceLimits, TraceOptions};

use crate::server::{STREAM_HEAD, Server, both, chunk};

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: everything is handed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
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

const EVENTS: usize = 200;

/// Counts the allocations of reading events that have arrived.
async fn cost(client: &Client, server: &Server) -> usize {
    let url = client.endpoint().api_url("chat/completions");
    let (stream, connection) = both(client.post_stream(url, "{}".into()), async {
        let mut connection = server.accept().await;
        connection.request().await;
        let events = "data: a piece of an answer\n\n".repeat(EVENTS + 1);
        connection.send(&format!("{STREAM_HEAD}{}", chunk(&events))).await;
        connection
    })
    .await;
    let mut stream = stream.unwrap();
    assert!(stream.next().await.unwrap().is_ok());
    let before = COUNT.get();
    for _ in 0..EVENTS {
        assert!(stream.next().await.unwrap().is_ok());
    }
    let cost = COUNT.get() - before;
    drop(connection);
    cost
}

#[tokio::test]
async fn without_a_trace_an_event_costs_its_own_text_and_nothing_else() {
    let server = Server::start().await;
    let plain = cost(&server.client(), &server).await;
    assert!(plain <= EVENTS + 8, "{plain} allocations for {EVENTS} events");
    let trace = Trace::in_memory(TraceLimits { max_exchanges: 5, max_bytes: 1 << 20 });
    let traced = TraceOptions { trace, variables: Vec::new() };
    let client = Client::with_trace(server.options(), traced).unwrap();
    let kept = cost(&client, &server).await;
    assert!(kept > plain + EVENTS / 2, "what counts is counted: {kept} against {plain}");
}
