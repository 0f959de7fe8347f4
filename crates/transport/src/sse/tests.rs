//! The decoder against examples, recordings, an independent decoder, and any cut of any bytes.

use std::convert::Infallible;

use futures_util::{FutureExt, StreamExt, stream};
use proptest::prelude::*;

use super::*;

const RECORDINGS: [&str; 4] = [
    include_str!("../../tests/fixtures/text.sse"),
    include_str!("../../tests/fixtures/tool-calls.sse"),
    include_str!("../../tests/fixtures/reasoning.sse"),
    include_str!("../../tests/fixtures/engine-killed.sse"),
];

fn decode<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<StreamEvent> {
    let mut decoder = SseDecoder::new(1 << 20);
    let mut events = Vec::new();
    for chunk in chunks {
        decoder.push_chunk(Bytes::copy_from_slice(chunk));
        while let Some(event) = decoder.next_event().unwrap() {
            events.push(event);
        }
    }
    events
}

fn data(texts: &[&str]) -> Vec<StreamEvent> {
    texts.iter().map(|&text| StreamEvent::Data(text.to_owned())).collect()
}

/// What another implementation makes of the same bytes.
///
/// The standard decodes the stream as UTF-8 with replacement before it parses it. The oracle
/// stops at bytes that are not UTF-8 instead, so it is given text that was decoded before.
fn oracle(bytes: &[u8]) -> Vec<StreamEvent> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let chunks = stream::iter([Ok::<_, Infallible>(Bytes::from(text))]);
    sseer::event_stream::EventStream::new(chunks)
        .map(|event| StreamEvent::Data(event.unwrap().data.to_string()))
        .collect()
        .now_or_never()
        .unwrap()
}

/// The data of events that the standard knows.
fn standard(mut events: Vec<StreamEvent>) -> Vec<StreamEvent> {
    events.retain(|event| matches!(event, StreamEvent::Data(_)));
    events
}

#[test]
fn lines_outside_of_events_are_returned_and_named_errors_told_apart() {
    use StreamEvent::{Comment, Error, Stray};
    let stray = |text: &str| Stray(text.to_owned());
    let error = |text: &str| Error(text.to_owned());
    let table: [(&str, Vec<StreamEvent>); 10] = [
        ("event: error\ndata: boom\n\ndata: a\n\n", vec![error("boom"), data(&["a"]).remove(0)]),
        ("event: errors\ndata: a\n\n", data(&["a"])),
        ("error: {\"code\":5}\n\n", vec![error("{\"code\":5}")]),
        ("ERROR:boom\r\n", vec![error("boom")]),
        ("{\"a\":1}\n{\"b\":2}\n", vec![stray("{\"a\":1}"), stray("{\"b\":2}")]),
        ("{\n\"a\": {\n}\n}\n\n", vec![stray("{\n\"a\": {\n}\n}")]),
        (
            "Internal Server Error\ndata: a\n\n",
            vec![stray("Internal Server Error"), data(&["a"]).remove(0)],
        ),
        ("data: a\n<html>\n\n:\n\n", vec![data(&["a"]).remove(0), Comment, stray("<html>")]),
        ("warning: low\nx-y: z\n\n", vec![]),
        ("<p>é</p>data: [DONE]\n\n", vec![stray("<p>é</p>data: [DONE]")]),
    ];
    for (text, expected) in table {
        assert_eq!(decode([text.as_bytes()]), expected, "{text:?}");
    }
}

#[test]
fn the_end_of_a_stream_completes_stray_lines_and_whole_json() {
    let finish = |text: &str| {
        let mut decoder = SseDecoder::new(1 << 20);
        decoder.push_chunk(Bytes::copy_from_slice(text.as_bytes()));
        while decoder.next_event().unwrap().is_some() {}
        std::iter::from_fn(move || decoder.finish_stream()).collect::<Vec<_>>()
    };
    assert_eq!(finish("data: {\"a\":1}"), data(&["{\"a\":1}"]));
    assert_eq!(finish("data: [DONE]\n"), data(&["[DONE]"]));
    assert_eq!(finish("data: {\"a\":"), []);
    assert_eq!(finish("event: error\ndata: 5"), [StreamEvent::Error("5".to_owned())]);
    assert_eq!(finish("<html>\n<p>502"), [StreamEvent::Stray("<html>\n<p>502".to_owned())]);
    assert_eq!(finish("bad gateway"), [StreamEvent::Stray("bad gateway".to_owned())]);
    assert_eq!(finish("data: a\n\n"), []);
}

#[test]
fn examples_of_the_format() {
    use StreamEvent::Comment;
    assert_eq!(decode([&b"data: a\n\ndata:b\r\n\r\ndata:  c\r\r"[..]]), data(&["a", "b", " c"]));
    assert_eq!(decode([&b"data: a\ndata\ndata: b\n\n"[..]]), data(&["a\n\nb"]));
    assert_eq!(decode([&b"data\n\ndata:\n\n\n\n"[..]]), data(&["", ""]));
    assert_eq!(decode([&b"\xef\xbb\xbfdata: a\n\n"[..]]), data(&["a"]));
    assert_eq!(
        standard(decode([&b"event: x\nid: 1\nretry: 5\ndata: a\nnonsense\n\n"[..]])),
        data(&["a"])
    );
    assert_eq!(standard(decode([&b"dat: a\ndatas: b\nda ta: c\n\n"[..]])), data(&[]));
    assert_eq!(decode([&b"data: a\xff\n\n"[..]]), data(&["a\u{fffd}"]));
    assert_eq!(decode([&b"data: cut off\n"[..]]), data(&[]));
    assert_eq!(decode([&b": keep-alive\n\n:\n"[..]]), [Comment, Comment]);
    assert_eq!(decode([&b"data: a\n: mid\n\n"[..]]), [vec![Comment], data(&["a"])].concat());
}

#[test]
fn an_event_is_there_as_soon_as_its_last_byte_is() {
    for whole in ["data: a\n\n", "data: a\r\r", "data: a\r\n\r"] {
        assert_eq!(decode([whole.as_bytes()]), data(&["a"]), "{whole:?}");
    }
    assert_eq!(decode([&b"data: a\r\n\r"[..], b"\ndata: b\r", b"\n\r"]), data(&["a", "b"]));
}

#[test]
fn what_exceeds_the_limit_is_an_error_and_what_meets_it_is_not() {
    let fits = |chunks: &[&[u8]]| {
        let mut decoder = SseDecoder::new(10);
        chunks.iter().all(|chunk| {
            decoder.push_chunk(Bytes::copy_from_slice(chunk));
            loop {
                match decoder.next_event() {
                    Ok(Some(_)) => {}
                    Ok(None) => return true,
                    Err(EventTooLarge) => return false,
                }
            }
        })
    };
    assert!(fits(&[b"data:12345\n\ndata:12345\n\n"]));
    assert!(!fits(&[b"data:123456\n\n"]));
    assert!(!fits(&[b"data:1", b"23456"]), "without the end of the line");
    assert!(!fits(&[b"data:12345\ndata:1\n"]), "over several lines");
    assert!(!fits(&[b":2345678901"]), "a comment");
    assert!(!fits(&[&b"data\n".repeat(12)]), "by line ends alone");
}

#[test]
fn a_data_line_is_read_however_its_field_name_is_written() {
    for line in [
        "DATA: a",
        "Data:a",
        " data: a",
        "data : a",
        "\u{feff}data: a",
        "data: data: a",
        "data:data:data:a",
        "\tDATA : data: a",
    ] {
        let text = format!("data: first\n\n{line}\n\n");
        assert_eq!(decode([text.as_bytes()]), data(&["first", "a"]), "{line:?}");
        assert_eq!(decode(text.as_bytes().chunks(1)), data(&["first", "a"]), "{line:?}");
    }
    assert_eq!(decode([&b"event: done\ndata: {}\n\n"[..]]), data(&["[DONE]"]));
    assert_eq!(decode([&b"event: end\ndata: {\"a\":1}\n\n"[..]]), data(&["{\"a\":1}"]));
}

#[test]
fn an_end_marker_is_recognised_in_every_spelling() {
    for text in ["[DONE]", " [DONE]\t", "[done]", "\"[DONE]\"", "DONE"] {
        assert!(is_end_marker(text), "{text}");
    }
    for text in ["", "done", "{}", "[DONE] and more than that", "\"done\"", "[DONE]]"] {
        assert!(!is_end_marker(text), "{text}");
    }
}

#[test]
fn recordings_decode_to_json_and_done() {
    for recording in RECORDINGS {
        let events = decode([recording.as_bytes()]);
        assert_eq!(events, oracle(recording.as_bytes()));
        let (last, pieces) = events.split_last().unwrap();
        assert_eq!(last, &StreamEvent::Data("[DONE]".to_owned()));
        for piece in pieces {
            let StreamEvent::Data(piece) = piece else { panic!("a comment") };
            assert!(serde_json::from_str::<serde_json::Value>(piece).unwrap().is_object());
        }
    }
}

/// Bytes that look like a stream, or nearly so, more often than by chance.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        4 => prop::sample::select(vec![&b"\n"[..], b"\r", b"\r\n", b"\n\n", b"\r\n\r\n", b":", b" "]),
        4 => prop::sample::select(vec![&b"data"[..], b"data:", b"data: ", b"event: e", b"id", b": c"]),
        2 => prop::sample::select(vec![&b"\xef\xbb\xbf"[..], b"\xef\xbb", "é€😀".as_bytes(), b"\xff", b"\0", b"{}"]),
    ];
    let tokens = prop::collection::vec(token, 0..40).prop_map(|tokens| tokens.concat());
    prop_oneof![3 => tokens, 1 => prop::collection::vec(any::<u8>(), 0..80)]
}

fn cut(bytes: &[u8], mut places: Vec<usize>) -> Vec<&[u8]> {
    for place in &mut places {
        *place %= bytes.len() + 1;
    }
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

/// Whether no line has the field `data` in a way that the standard does not know.
fn has_standard_fields(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let is_blank = |c: char| c.is_ascii_whitespace() || c == '\u{feff}';
    text.split(['\n', '\r']).enumerate().all(|(at, line)| {
        let line = if at == 0 { line.strip_prefix('\u{feff}').unwrap_or(line) } else { line };
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let is_data = name.trim_matches(is_blank).eq_ignore_ascii_case("data");
        !is_data || (name == "data" && !value.trim_start().starts_with("data:"))
    })
}

proptest! {
    #[test]
    fn any_cut_of_any_bytes_gives_the_same_events(
        bytes in hostile(),
        places in prop::collection::vec(any::<usize>(), 0..12),
    ) {
        prop_assert_eq!(decode(cut(&bytes, places)), decode([&bytes[..]]));
        prop_assert_eq!(decode(bytes.chunks(1)), decode([&bytes[..]]));
    }

    #[test]
    fn any_cut_of_a_recording_gives_the_same_events(
        which in 0..RECORDINGS.len(),
        places in prop::collection::vec(any::<usize>(), 0..60),
    ) {
        let bytes = RECORDINGS[which].as_bytes();
        prop_assert_eq!(decode(cut(bytes, places)), decode([bytes]));
    }

    #[test]
    fn the_data_is_what_an_independent_decoder_reads(bytes in hostile()) {
        prop_assume!(has_standard_fields(&bytes));
        prop_assert_eq!(standard(decode([&bytes[..]])), oracle(&bytes));
    }

    #[test]
    fn what_is_written_is_read(texts in prop::collection::vec("[^\r\n]{0,40}(\n[^\r\n]{0,40}){0,3}", 0..8)) {
        let mut bytes = String::new();
        for text in &texts {
            for line in text.split('\n') {
                bytes.extend(["data: ", line, "\r\n"]);
            }
            bytes.push_str(": comment\n\n");
        }
        let mut events = decode([bytes.as_bytes()]);
        events.retain(|event| *event != StreamEvent::Comment);
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        prop_assert_eq!(events, data(&texts));
    }
}
