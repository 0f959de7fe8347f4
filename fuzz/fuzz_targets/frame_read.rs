//! Any bytes are a frame of the gateway's protocol or refused, and a frame says the same when it is
//! written again.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/protocol/tests/it/frame_check.rs"]
mod frame_check;

fuzz_target!(|bytes: &[u8]| frame_check::check_frame(bytes));
