//! Any bytes, however they are cut, are the same events, which are those that another decoder
//! reads; and a decoder never holds more than its limit.
//!
//! The first byte of an input is the limit, where 0 stands for one that nothing reaches. The rest
//! is the stream, and each cut is as far from the one before as the byte there says.
#![no_main]

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use libfuzzer_sys::fuzz_target;
use openclaw_transport::{Decoder, StreamEvent, TooLarge};

fuzz_target!(|input: &[u8]| {
    let Some((&limit, bytes)) = input.split_first() else { return };
    let limit = if limit == 0 { usize::MAX } else { limit.into() };
    let (events, end) = decode([bytes], limit);
    for event in &events {
        if let StreamEvent::Data(data) = event {
            // A byte that is not UTF-8 becomes three.
            assert!(data.len() <= limit.saturating_mul(3));
        }
    }
    assert_eq!(decode(bytes.chunks(1), limit), (events.clone(), end));
    assert_eq!(decode(cut(bytes), limit), (events.clone(), end));
    if end.is_ok() {
        let data = events.into_iter().filter(|event| *event != StreamEvent::Comment);
        assert_eq!(data.collect::<Vec<_>>(), oracle(bytes));
    }
});

fn cut(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut chunks = Vec::new();
    while let Some(&first) = bytes.first() {
        let (chunk, rest) = bytes.split_at(bytes.len().min(1 + usize::from(first % 16)));
        chunks.push(chunk);
        bytes = rest;
    }
    chunks
}

/// The events, and whether something was too large.
fn decode<'a>(
    chunks: impl IntoIterator<Item = &'a [u8]>,
    limit: usize,
) -> (Vec<StreamEvent>, Result<(), TooLarge>) {
    let mut decoder = Decoder::new(limit);
    let mut events = Vec::new();
    for chunk in chunks {
        decoder.push(Bytes::copy_from_slice(chunk));
        loop {
            match decoder.next_event() {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(error) => return (events, Err(error)),
            }
        }
    }
    (events, Ok(()))
}

/// What another implementation reads. It stops at bytes that are not UTF-8, so that it is given
/// text in which they are replaced, as the standard has it.
fn oracle(bytes: &[u8]) -> Vec<StreamEvent> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let chunks = stream::iter([Ok::<_, Infallible>(Bytes::from(text))]);
    let events = sseer::event_stream::EventStream::new(chunks).map(|event| match event {
        Ok(event) => StreamEvent::Data(event.data.to_string()),
        Err(error) => panic!("{error}"),
    });
    events.collect().now_or_never().expect("all of it is there")
}
