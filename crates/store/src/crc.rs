//! CRC-32C: the checksum of each event, by which a changed event is detected.

const TABLE: [u32; 256] = build_table();

/// The checksum of the concatenated pieces.
pub(crate) fn compute_crc32c(pieces: &[&[u8]]) -> u32 {
    let bytes = pieces.iter().copied().flatten();
    let crc = bytes.fold(u32::MAX, |crc, byte| {
        let [low, ..] = crc.to_le_bytes();
        let row = TABLE.get(usize::from(low ^ byte)).copied().unwrap_or_default();
        (crc >> 8) ^ row
    });
    !crc
}

#[expect(clippy::indexing_slicing, reason = "worked out by the compiler, in bounds by the loop")]
const fn build_table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut row = 0_u32;
    while row < 256 {
        let (mut crc, mut bit) = (row, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0x82F6_3B78 } else { crc >> 1 };
            bit += 1;
        }
        table[row as usize] = crc;
        row += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_published_check_values() {
        assert_eq!(compute_crc32c(&[b"123456789"]), 0xE306_9283);
        assert_eq!(compute_crc32c(&[b"1234", b"", b"56789"]), 0xE306_9283);
        assert_eq!(compute_crc32c(&[&[0; 32]]), 0x8A91_36AA);
        assert_eq!(compute_crc32c(&[]), 0);
    }
}
