//! A call serialises its conversation once, and sends these bytes.
#![expect(unsafe_code, reason = "only an allocator can count buffers")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::mpsc;
use std::thread;

use openclaw_core::{AssistantMessage, ChatModel, ChatRequest, History, TokenCount};
use openclaw_mock_vllm::{MockVllm, ModelSpec, Turn};
use openclaw_providers_anthropic::MessagesModel;
use openclaw_providers_openai::ChatApi;
use openclaw_providers_vllm::VllmModel;
use openclaw_test_support::client::{client, info, read};

use crate::vllm::model;

/// The conversation in bytes: more than any other buffer of a call.
const CONVERSATION_BYTES: usize = 1 << 20;

thread_local! {
    static LARGE_BUFFERS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: everything is handed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() >= CONVERSATION_BYTES {
            LARGE_BUFFERS.set(LARGE_BUFFERS.get() + 1);
        }
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

fn long_conversation() -> History {
    let mut history = History::new();
    for number in 0..CONVERSATION_BYTES / 1_024 {
        history.push_user_message(&format!("{number} {}", "word ".repeat(100)));
        let answer = format!("{number} {}", "said ".repeat(105));
        history.push_assistant_message(AssistantMessage::from_text(answer)).unwrap();
    }
    history.push_user_message("And now?");
    history
}

/// Starts the mock on a thread of its own, whose buffers are not counted, and returns its address.
/// It runs until the sender is dropped.
fn start_server() -> (String, tokio::sync::oneshot::Sender<()>) {
    let (address, started) = mpsc::channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let spec = ModelSpec::new("tiny", 8_000_000);
            let server = MockVllm::builder().model(spec).start().await.unwrap();
            for _ in 0..3 {
                server.push(Turn::text("Yes."));
            }
            address.send(server.base_url()).unwrap();
            let _ = stopped.await;
        });
    });
    (started.recv().unwrap(), stop)
}

fn request() -> ChatRequest {
    ChatRequest {
        suffix: Some("[It is Saturday.]".into()),
        max_output_tokens: Some(100),
        ..ChatRequest::new(long_conversation())
    }
}

fn messages_model(base_url: &str, context_window: u32) -> VllmModel<MessagesModel> {
    VllmModel::from_backend(MessagesModel::new(client(base_url), info("tiny", context_window)))
}

/// Makes two calls, and checks that each has so many large buffers.
async fn check_calls(model: &dyn ChatModel, expected: usize, case: &str) {
    for call in ["first", "second"] {
        let request = request();
        let before = LARGE_BUFFERS.get();
        let (_, end) = read(model.stream_chat(request).await.unwrap()).await;
        let buffers = LARGE_BUFFERS.get() - before;
        // From the first call on, the estimate may be good enough without a count.
        let is_expected = buffers == expected || (call == "second" && buffers == 1);
        assert!(is_expected, "{buffers} buffers, not {expected}: the {call} call, {case}");
        assert!(end.unwrap().2.is_some(), "the count is recorded with the same bytes");
    }
}

#[tokio::test]
async fn a_call_serialises_its_conversation_once() {
    for api in [ChatApi::ChatCompletions, ChatApi::Responses] {
        let (base_url, _stop) = start_server();
        let model = model(&base_url, 8_000_000, Some(500)).with_api(api);
        check_calls(&model, 1, &format!("{api:?}")).await;
    }
    let (base_url, _stop) = start_server();
    check_calls(&messages_model(&base_url, 8_000_000), 1, "Messages").await;
}

#[tokio::test]
async fn a_count_near_the_window_is_of_the_bytes_that_are_sent() {
    let (base_url, _stop) = start_server();
    let request = request();
    let before = LARGE_BUFFERS.get();
    let exact = model(&base_url, 8_000_000, Some(500)).count_tokens(&request).await.unwrap();
    // The prompt, and the response, which lists each token.
    let buffers_of_count = LARGE_BUFFERS.get() - before;
    let TokenCount::Exact(tokens) = exact else { panic!("{exact:?}") };
    let counted = model(&base_url, tokens + 600, Some(500));
    check_calls(&counted, buffers_of_count, "counted by /tokenize").await;
    let (base_url, _stop) = start_server();
    let counted = messages_model(&base_url, tokens + 20_000);
    check_calls(&counted, 1, "counted by the Messages API").await;
}
