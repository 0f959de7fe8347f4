//! Frames of a gateway as strangers could send them.

#[cfg(test)]
mod frame_check;

/// The inputs that the fuzz target `frame_read` starts with.
#[test]
fn the_inputs_of_the_fuzz_target_are_frames_or_none() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/frame_read");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        frame_check::check_frame(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 10, "{count}");
}
