//! Repetitions, and texts that only look like one.

use std::fmt::Write;

use proptest::prelude::*;

use super::*;

fn limit(lines: u32) -> RepetitionLimit {
    RepetitionLimit::from_lines(lines).unwrap()
}

/// How many bytes a part has when a repetition is detected; `None` when none is.
fn found_at(part: OutputPart, text: &str) -> Option<usize> {
    let mut watch = RepetitionDetector::new(limit(500));
    text.char_indices().find_map(|(at, c)| {
        watch.observe_text(part, c.encode_utf8(&mut [0; 4])).map(|_| at + c.len_utf8())
    })
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut all, at| {
        writeln!(all, "{}", line(at)).unwrap();
        all
    })
}

/// Pseudo-random bytes, the same each time.
fn noise(count: usize) -> impl Iterator<Item = u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    (0..count).map(move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    })
}

fn base64(bytes: impl Iterator<Item = u8>) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes.map(|byte| char::from(alphabet[usize::from(byte % 64)])).collect()
}

#[test]
fn what_a_looping_model_says_is_found_in_time() {
    let paragraph = "Let me reconsider the problem from the start. The user wants the file to be \
                     renamed, and the tests to pass. I should first look at the tests.\n\n";
    let cycle = lines(7, |n| format!("Step {n}: I check the result of step {} again.", n * 13));
    for (part, unit, within) in [
        (OutputPart::Text, "I will now check the file. ", 4_200),
        (OutputPart::Text, "The same line.\n", 4_200),
        (OutputPart::Text, "等等，让我再想一想。", 4_200),
        (OutputPart::Reasoning, "Wait, no. Let me think again. ", 4_200),
        (OutputPart::Reasoning, paragraph, 4_500),
        (OutputPart::Reasoning, &cycle, 4_900),
        (OutputPart::Text, "!", 1_100),
        (OutputPart::Text, "ha ", 12_400),
        (OutputPart::Text, "\n", 12_400),
        (OutputPart::Arguments, "print(\"hello world\")\n", 16_500),
        (OutputPart::Arguments, "\\n    \"item\": null,", 16_500),
        (OutputPart::Arguments, "0", 49_300),
    ] {
        let before = lines(40, |n| format!("{n} is what comes before, {}", n * n));
        let text = format!("{before}{}", unit.repeat(60_000 / unit.len()));
        let at = found_at(part, &text).unwrap_or_else(|| panic!("{part:?} {unit:?}"));
        assert!(at < before.len() + within, "{part:?} {unit:?}: {}", at - before.len());
    }
}

#[test]
fn a_repetition_over_several_parts_is_found() {
    let mut watch = RepetitionDetector::new(limit(500));
    let found = (0..1_000).find_map(|_| {
        watch.observe_text(OutputPart::Reasoning, "I must answer the user now.").or_else(|| {
            watch.observe_text(OutputPart::Text, "Let me think about it a little more.")
        })
    });
    assert!(found.is_some_and(|found| found.copied_bytes <= 36), "{found:?}");
}

#[test]
fn text_before_the_repetitions_is_distinguished_from_them() {
    let mut watch = RepetitionDetector::new(limit(500));
    let (before, unit) = ("Here is the answer you asked for.\n", "And so it goes on and on. ");
    let text = format!("{before}{}", unit.repeat(400));
    let mut taken = 0;
    let found = text.as_bytes().chunks(13).find_map(|piece| {
        taken += piece.len();
        watch.observe_text(OutputPart::Text, std::str::from_utf8(piece).unwrap())
    });
    let found = found.unwrap();
    assert_eq!(found.period, unit.len());
    assert!(watch.repeated_sample(found.period).contains(unit.trim()));
    let kept = taken - found.unread_bytes - found.copied_bytes;
    let shortest = before.len() + unit.len();
    assert!((shortest..shortest + unit.len() + 32).contains(&kept), "{kept}");
}

#[test]
fn what_only_looks_like_a_repetition_is_let_through() {
    let rows = |n: usize| format!("| item {n} | {} | yes |   | {:>6} |", n * 7, n % 9 * 125);
    let html = |n: usize| format!("<tr><td>{n}</td><td class=\"x\"></td><td>ok</td></tr>");
    let code = |n: usize| format!("    assert_eq!(table.get({n}), Some(&Value::from({n})));");
    let log = |n: usize| format!("2026-01-01T00:{:02}:{:02} INFO tick", n / 60 % 60, n % 60);
    let json = |n: usize| format!("  {{\"id\": {n}, \"name\": \"user\", \"active\": true}},");
    let hex = |n: usize| format!("{:08x}  00 00 00 00 00 00 00 00  00 00 00 00 |........|", n * 16);
    let board = |_: usize| "<div class=\"cell empty\"></div>".repeat(10);
    let samples: [(&str, String); 19] = [
        ("table", lines(300, rows)),
        ("html table", lines(200, html)),
        ("code", lines(200, code)),
        ("log", lines(490, log)),
        ("json", lines(250, json)),
        ("hex dump", lines(800, hex)),
        ("numbered list", lines(450, |n| format!("{n}. The same words in every item"))),
        ("counting", lines(1_400, |n| n.to_string())),
        ("base64", base64(noise(100_000))),
        ("base64 of zeros", "A".repeat(8_000)),
        ("zeros", "0, ".repeat(4_000)),
        ("rule", "=".repeat(200)),
        ("rules", lines(60, |n| format!("{}\nSection {n}\n{}", "-".repeat(120), "=".repeat(120)))),
        ("dots", lines(100, |_| ".".repeat(100))),
        ("board", lines(10, board)),
        ("picture", lines(60, |n| format!("{}{}", " ".repeat(60 - n), "/\\".repeat(n + 1)))),
        ("a line by request", lines(120, |_| "I will not talk in class.".to_owned())),
        ("empty table", lines(80, |_| "|          |          |          |".to_owned())),
        ("spaces", " ".repeat(4_000)),
    ];
    for (name, sample) in &samples {
        for part in [OutputPart::Text, OutputPart::Reasoning, OutputPart::Arguments] {
            assert_eq!(found_at(part, sample), None, "{name} {part:?}");
        }
    }
    let grid = lines(20, |_| "<div class=\"cell empty\"></div>".repeat(20));
    assert_eq!(found_at(OutputPart::Arguments, &grid), None, "a file may repeat for longer");
}

/// How many lines come before a repetition is detected; `None` when none is.
fn stopped_at_line(part: OutputPart, text: &str) -> Option<usize> {
    found_at(part, text).map(|at| text[..at].lines().count())
}

#[test]
fn a_text_in_which_only_numbers_change_is_found() {
    // The text of a real model that counted for ten minutes.
    let runaway: String = (1..20_000).fold(String::new(), |mut text, number| {
        write!(text, "[{number}] [1.0.0.0] ").unwrap();
        text
    });
    let at = found_at(OutputPart::Text, &runaway).unwrap();
    assert!((4_500..6_000).contains(&at), "{at} bytes are some 4,000 tokens");

    let log = |n: usize| format!("2026-01-01T00:{:02}:{:02} INFO tick", n / 60 % 60, n % 60);
    for (name, text, expected) in [
        ("numbered list", lines(3_000, |n| format!("{n}. The same")), 495..=503),
        ("steps", lines(3_000, |n| format!("Step {n}: check {}", n * 7)), 495..=503),
        ("log", lines(3_000, log), 495..=503),
        ("counting", lines(20_000, |n| n.to_string()), 1_490..=1_515),
        ("two lines", lines(3_000, |n| format!("Item {n}\nand {} more", n + 1)), 450..=503),
    ] {
        let line = stopped_at_line(OutputPart::Text, &text);
        assert!(line.is_some_and(|line| expected.contains(&line)), "{name}: {line:?}");
        let in_call = stopped_at_line(OutputPart::Arguments, &text);
        let fits = |at: usize| at >= expected.start() * 4 - 4;
        assert!(in_call.is_none_or(fits), "{name}: a file may be longer: {in_call:?}");
    }
    let once = lines(20_000, |n| format!("{n}. The same"));
    let mut generous = RepetitionDetector::new(limit(5_000));
    assert_eq!(generous.observe_text(OutputPart::Text, &lines(4_000, |n| format!("{n}. x"))), None);
    assert!(RepetitionDetector::new(limit(5_000)).observe_text(OutputPart::Text, &once).is_some());
}

#[test]
fn numbers_that_cannot_be_foretold_may_go_on_for_four_times_as_long() {
    let mut values = noise(100_000).map(u64::from);
    let mut next = || values.next().unwrap() * 7 + 3;
    let data: String = (0..9_000).fold(String::new(), |mut text, _| {
        writeln!(text, "x={} y={}", next(), next()).unwrap();
        text
    });
    let line = stopped_at_line(OutputPart::Text, &data).unwrap();
    assert!((1_990..=2_010).contains(&line), "{line}");
}

#[test]
fn a_request_for_a_hundred_lines_is_met() {
    for part in [OutputPart::Text, OutputPart::Arguments] {
        for line in
            ["ok", "All work and no play makes Jack a dull boy.", "- [ ] a task to do: ____"]
        {
            assert_eq!(found_at(part, &lines(100, |_| line.to_owned())), None, "{line}");
            let numbered = lines(100, |n| format!("{n}. {line} ({} of 100)", n + 1));
            assert_eq!(found_at(part, &numbered), None, "{line}");
        }
    }
}

/// Lines of one kind, whose words and numbers are drawn from `seeds`.
fn generated_file(kind: usize, seeds: &[u32]) -> String {
    let words = ["alpha", "index", "count", "value", "total", "range", "limit", "width"];
    let word = |seed: u32| words[usize::try_from(seed % 8).unwrap()];
    let mut text = String::new();
    for (at, seed) in seeds.iter().copied().enumerate() {
        let (a, b, c) = (word(seed), word(seed >> 3), word(seed >> 6));
        let number = seed >> 9;
        match kind {
            0 => writeln!(text, "    let {a}_{b} = {c}.get({number})? + {};", seed % 100),
            1 => writeln!(
                text,
                "2026-01-01T10:{:02}:{:02} INFO {a}: {b} took {number} us",
                at / 60 % 60,
                at % 60
            ),
            2 => writeln!(
                text,
                "| {at:>5} | {a:<8} | {number:>9} | {:>5}.{:02} |",
                seed % 997,
                seed % 89
            ),
            3 => writeln!(text, "{at},{},{},{}", number, seed % 991, seed % 13),
            4 => writeln!(
                text,
                "{:08x}: {:08x} {:08x} {seed:08x} {:08x}",
                at * 16,
                seed ^ 0x5a5a_5a5a,
                seed.rotate_left(7),
                !seed
            ),
            5 => {
                writeln!(text, "  {{\"id\": {at}, \"{a}\": {number}, \"ok\": {}}},", seed % 2 == 0)
            }
            _ => writeln!(text, "{:.4} {:.4}", f64::from(seed) / 1e9, f64::from(number) / 1e5),
        }
        .unwrap();
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn files_and_data_are_let_through(
        kind in 0_usize..7,
        seeds in proptest::collection::vec(any::<u32>(), 1..1_200),
        part in prop_oneof![Just(OutputPart::Text), Just(OutputPart::Arguments)],
    ) {
        let text = generated_file(kind, &seeds);
        prop_assert_eq!(stopped_at_line(part, &text), None, "{}", &text[..200.min(text.len())]);
    }

    #[test]
    fn a_counter_is_found_in_whatever_words(
        before in "\\PC{0,200}",
        words in "[a-z]{2,12}[ :\\]][a-z.]{0,20}",
        start in 0_u32..10_000,
        step in 1_u32..9,
    ) {
        let counting = lines(700, |n| format!("{words} {}", start + step * u32::try_from(n).unwrap()));
        let text = format!("{before}\n{counting}");
        let line = stopped_at_line(OutputPart::Text, &text);
        prop_assert!(line.is_some_and(|line| line > 128), "{line:?}");
    }
}

proptest! {
    #[test]
    fn any_phrase_that_goes_on_is_found_however_it_comes(
        before in "\\PC{0,400}",
        unit in "[a-z]{8}[a-zA-Z0-9 .,\n]{1,500}",
        sizes in proptest::collection::vec(1usize..40, 1..8),
    ) {
        let text = format!("{before}{}", unit.repeat(30_000 / unit.len()));
        let mut watch = RepetitionDetector::new(limit(500));
        let mut sizes = sizes.iter().cycle();
        let (mut rest, mut found) = (text.as_str(), None);
        while !rest.is_empty() && found.is_none() {
            let size = rest.ceil_char_boundary(*sizes.next().unwrap());
            let (piece, left) = rest.split_at(size);
            found = watch.observe_text(OutputPart::Text, piece);
            rest = left;
        }
        let found = found.unwrap();
        prop_assert_eq!(unit.len() % found.period.min(unit.len()), 0);
        prop_assert!(text.len() - rest.len() <= before.len() + 12_288 + 9 * unit.len() + 600);
    }

    #[test]
    fn the_end_is_the_same_in_whatever_pieces_it_comes(
        text in "(ab|c){0,40}", count in 1usize..2_000, size in 1usize..50,
    ) {
        let text = text.repeat(count);
        let whole = RepetitionDetector::new(limit(500)).observe_text(OutputPart::Text, &text);
        let mut watch = RepetitionDetector::new(limit(500));
        let chunks = text.as_bytes().chunks(size).map(|piece| std::str::from_utf8(piece).unwrap());
        let pieces = chunks.into_iter().find_map(|piece| watch.observe_text(OutputPart::Text, piece));
        let ends = |found: Option<DetectedRepetition>| found.map(|found| (found.period, found.copied_bytes));
        prop_assert_eq!(ends(pieces), ends(whole));
    }
}
