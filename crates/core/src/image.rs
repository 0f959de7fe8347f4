//! Images in tool results.

use std::fmt;
use std::sync::Arc;

/// The tokens of an image whose size is not known.
const DEFAULT_TOKENS: u32 = 1_600;

/// The fewest and the most tokens that servers count for one image.
const TOKEN_RANGE: (u32, u32) = (85, 6_000);

/// The pixels that servers count as one token.
const PIXELS_PER_TOKEN: u64 = 750;

/// An image that a tool read, as it is sent to the model.
#[derive(Clone, PartialEq, Eq)]
pub struct ImageContent {
    /// The format.
    pub format: ImageFormat,
    /// The bytes in base64.
    pub base64: Arc<str>,
    /// About how many tokens a server counts for it.
    pub tokens: u32,
}

/// A format of images that all servers with images accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImageFormat {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// GIF.
    Gif,
    /// WebP.
    Webp,
}

/// The width and height of an image in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ImageSize {
    /// The width.
    pub width: u32,
    /// The height.
    pub height: u32,
}

impl ImageContent {
    /// An image of this size, if it is known.
    #[must_use]
    pub fn new(format: ImageFormat, base64: impl Into<Arc<str>>, size: Option<ImageSize>) -> Self {
        let tokens = size.map_or(DEFAULT_TOKENS, |size| {
            let pixels = u64::from(size.width) * u64::from(size.height);
            u32::try_from(pixels / PIXELS_PER_TOKEN).unwrap_or(u32::MAX)
        });
        let (min, max) = TOKEN_RANGE;
        Self { format, base64: base64.into(), tokens: tokens.clamp(min, max) }
    }

    /// The image as a `data:` URL.
    #[must_use]
    pub fn to_data_url(&self) -> String {
        format!("data:{};base64,{}", self.format.media_type(), self.base64)
    }
}

/// Without the bytes.
impl fmt::Debug for ImageContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("ImageContent");
        fields.field("format", &self.format).field("base64_len", &self.base64.len());
        fields.field("tokens", &self.tokens).finish()
    }
}

impl ImageFormat {
    /// Recognises a format by the first bytes of a file.
    #[must_use]
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            _ => None,
        }
    }

    /// The media type, e.g. `image/png`.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
        }
    }

    /// The format with this media type.
    #[must_use]
    pub fn from_media_type(text: &str) -> Option<Self> {
        let formats = [Self::Png, Self::Jpeg, Self::Gif, Self::Webp];
        formats.into_iter().find(|format| format.media_type() == text)
    }

    /// Reads the size from the head of a file; `None` when the file is damaged.
    #[must_use]
    pub fn read_size(self, bytes: &[u8]) -> Option<ImageSize> {
        let size = match self {
            Self::Png => ImageSize { width: u32_be(bytes, 16)?, height: u32_be(bytes, 20)? },
            Self::Gif => ImageSize { width: u16_le(bytes, 6)?, height: u16_le(bytes, 8)? },
            Self::Jpeg => jpeg_size(bytes)?,
            Self::Webp => webp_size(bytes)?,
        };
        (size.width > 0 && size.height > 0).then_some(size)
    }
}

/// Looks for the frame header behind the other segments.
fn jpeg_size(bytes: &[u8]) -> Option<ImageSize> {
    let mut at = 2;
    loop {
        let &[0xff, marker] = bytes.get(at..at + 2)? else { return None };
        match marker {
            0xff => at += 1,
            // Frame headers, but for the tables between their numbers.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let (height, width) = (u16_be(bytes, at + 5)?, u16_be(bytes, at + 7)?);
                return Some(ImageSize { width, height });
            }
            _ => at += 2 + usize::try_from(u16_be(bytes, at + 2)?).ok()?,
        }
    }
}

fn webp_size(bytes: &[u8]) -> Option<ImageSize> {
    match bytes.get(12..16)? {
        b"VP8 " => Some(ImageSize {
            width: u16_le(bytes, 26)? & 0x3fff,
            height: u16_le(bytes, 28)? & 0x3fff,
        }),
        b"VP8L" => {
            let bits = u32_le(bytes, 21)?;
            Some(ImageSize { width: (bits & 0x3fff) + 1, height: (bits >> 14 & 0x3fff) + 1 })
        }
        b"VP8X" => {
            let u24 = |at| Some((u32_le(bytes, at)? & 0x00ff_ffff) + 1);
            Some(ImageSize { width: u24(24)?, height: (u32_le(bytes, 26)? >> 8) + 1 })
        }
        _ => None,
    }
}

fn u16_be(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?).into())
}

fn u16_le(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?).into())
}

fn u32_be(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u32_le(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        [&head[..], &width.to_be_bytes(), &height.to_be_bytes()].concat()
    }

    #[test]
    fn a_format_and_its_size_are_read_from_the_content() {
        let gif = b"GIF89a\x40\x01\xf0\0".to_vec();
        let jpeg =
            b"\xff\xd8\xff\xe0\0\x04ab\xff\xc4\0\x03x\xff\xc2\0\x11\x08\0\xf0\x01\x40".to_vec();
        let lossy = [&b"RIFF....WEBPVP8 ....abc\x9d\x01\x2a"[..], b"\x40\x01\xf0\0"].concat();
        let bits: u32 = 0x013f | 0xef << 14;
        let lossless = [&b"RIFF....WEBPVP8L....\x2f"[..], &bits.to_le_bytes()].concat();
        let extended = [&b"RIFF....WEBPVP8X....\0\0\0\0"[..], b"\x3f\x01\0\xef\0\0"].concat();
        let webp = ImageFormat::Webp;
        for (bytes, format) in [
            (png(320, 240), ImageFormat::Png),
            (gif, ImageFormat::Gif),
            (jpeg, ImageFormat::Jpeg),
            (lossy, webp),
            (lossless, webp),
            (extended, webp),
        ] {
            assert_eq!(ImageFormat::detect(&bytes), Some(format));
            let size = Some(ImageSize { width: 320, height: 240 });
            assert_eq!(format.read_size(&bytes), size, "{bytes:?}");
            assert_eq!(ImageFormat::from_media_type(format.media_type()), Some(format));
            // A file that is cut anywhere is damaged, and nothing worse.
            for len in 0..bytes.len() {
                assert!(format.read_size(&bytes[..len]).is_none_or(|it| Some(it) == size));
            }
        }
        for bytes in [&b""[..], b"\x89PN", b"GIF88a", b"RIFF....WAVE", b"<svg>", b"\xff\xd8"] {
            assert_eq!(ImageFormat::detect(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn an_image_costs_tokens_by_its_size() {
        let tokens = |size| ImageContent::new(ImageFormat::Png, "", size).tokens;
        assert_eq!(tokens(None), 1_600);
        for (side, expected) in [(1, 85), (600, 480), (100_000, 6_000), (u32::MAX, 6_000)] {
            assert_eq!(tokens(Some(ImageSize { width: side, height: side })), expected);
        }
    }
}
