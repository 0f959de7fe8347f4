//! Images, which a model that takes them is shown.

use std::fs::File;
use std::io::{Read as _, Seek as _};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use openclaw_core::{ImageContent, ImageFormat, ToolOutput};

/// The largest image that is shown, in bytes: what hosted servers accept.
const MAX_IMAGE_BYTES: u64 = 5 << 20;

/// Reads a file that is no text: an image as such, where the model takes it, and else what it is.
pub(super) fn read_binary(file: &File, path: &str, takes_images: bool) -> ToolOutput {
    let file_bytes = file.metadata().map_or(0, |metadata| metadata.len());
    let mut bytes = Vec::new();
    let mut reader = file;
    let is_read =
        reader.rewind().is_ok() && reader.take(MAX_IMAGE_BYTES + 1).read_to_end(&mut bytes).is_ok();
    let format = ImageFormat::detect(&bytes).filter(|_| is_read);
    let Some(format) = format else {
        let text = format!("[`{path}` is a binary file of {file_bytes} bytes]");
        return ToolOutput::from_text(text).with_summary(format!("binary, {file_bytes} bytes"));
    };
    let size = format.read_size(&bytes);
    let pixels = size.map(|size| format!(", {}×{} pixels", size.width, size.height));
    let pixels = pixels.unwrap_or_default();
    let facts = format!("{}{pixels}, {file_bytes} bytes", format.media_type());
    let summary = format!("image, {file_bytes} bytes");
    let refuse = |reason: &str| {
        let text = format!("[`{path}` is an image ({facts}); it is not shown: {reason}]");
        ToolOutput::from_text(text).with_summary(format!("{summary}, not shown"))
    };
    if !takes_images {
        return refuse("this model takes no images");
    }
    if bytes.len() as u64 > MAX_IMAGE_BYTES {
        return refuse(&format!("the limit is {MAX_IMAGE_BYTES} bytes"));
    }
    let Some(size) = size else { return refuse("it is damaged") };
    let image = ImageContent::new(format, BASE64_STANDARD.encode(&bytes), Some(size));
    ToolOutput::from_text(format!("[image `{path}`: {facts}]"))
        .with_image(image)
        .with_summary(summary)
}
