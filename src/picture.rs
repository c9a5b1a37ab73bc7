//! Bytes to a [`Picture`]: signature, size and every pixel are checked, so that what is shown is what
//! the model drew.

use std::io::Cursor;

use base64::{Engine, engine::general_purpose::STANDARD};
use image::{ImageFormat, ImageReader, Limits};

use crate::core::{
    fact::{Millis, Picture, PictureFormat},
    fault::{Fault, FaultKind},
    text::SafeText,
};

/// Largest file that is taken for a picture.
pub const MAX_BYTES: usize = 64 << 20;

/// Largest width and height, in pixels, and memory of a decoded picture.
const MAX_SIDE: u32 = 8_192;
const MAX_DECODED: u64 = 512 << 20;

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    /// Alias or model id.
    pub model: SafeText,
    /// What to draw.
    pub prompt: SafeText,
}

impl Brief {
    /// The request was answered: after `took` milliseconds, at this time.
    pub fn drawn(self, took: u64, at: Millis) -> Drawn {
        Drawn { brief: self, took, at }
    }
}

/// What was asked for, and when it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    brief: Brief,
    took: u64,
    at: Millis,
}

/// A picture from base64, with or without the head of a data URL.
///
/// # Errors
/// `OddAnswer` when it is no picture.
pub fn from_base64(text: &str, drawn: Drawn) -> Result<Picture, Fault> {
    let body = text.trim();
    let body = body
        .strip_prefix("data:")
        .and_then(|it| it.split_once(','))
        .map_or(body, |(_, body)| body);
    if body.len() / 4 * 3 > MAX_BYTES {
        return Err(no_picture(&drawn, "it is too large"));
    }
    match STANDARD.decode(body) {
        Ok(bytes) => from_bytes(bytes, drawn),
        Err(_) => Err(no_picture(&drawn, "it is not base64")),
    }
}

/// A picture from a file's bytes.
///
/// # Errors
/// `OddAnswer` when it is no picture: another signature, no pixels, too large or damaged.
pub fn from_bytes(bytes: Vec<u8>, drawn: Drawn) -> Result<Picture, Fault> {
    let (format, width, height) = judge(&bytes).map_err(|why| no_picture(&drawn, why))?;
    Ok(Picture {
        bytes: bytes.into(),
        format,
        width,
        height,
        model: drawn.brief.model,
        prompt: drawn.brief.prompt,
        took: drawn.took,
        at: drawn.at,
    })
}

fn judge(bytes: &[u8]) -> Result<(PictureFormat, u32, u32), &'static str> {
    if bytes.len() > MAX_BYTES {
        return Err("it is too large");
    }
    let (format, decoder) = match image::guess_format(bytes) {
        Ok(ImageFormat::Png) => (PictureFormat::Png, ImageFormat::Png),
        Ok(ImageFormat::Jpeg) => (PictureFormat::Jpeg, ImageFormat::Jpeg),
        _ => return Err("its signature is neither PNG's nor JPEG's"),
    };
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODED);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), decoder);
    reader.limits(limits);
    let decoded = reader.decode().map_err(|_| "it is damaged or too large")?;
    match (decoded.width(), decoded.height()) {
        (0, _) | (_, 0) => Err("it has no pixels"),
        (width, height) => Ok((format, width, height)),
    }
}

fn no_picture(drawn: &Drawn, why: &str) -> Fault {
    let why = format!("the image can not be read: {why}");
    Fault::new(FaultKind::OddAnswer, "the test image", &drawn.brief.model, &why)
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, RgbImage};

    use super::*;

    fn drawn() -> Drawn {
        let (model, prompt) = ("model".into(), "prompt".into());
        Brief { model, prompt }.drawn(42, 7)
    }

    fn file(format: ImageFormat, (width, height): (u32, u32)) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let picture = DynamicImage::ImageRgb8(RgbImage::from_pixel(width, height, image::Rgb([9, 8, 7])));
        picture.write_to(&mut bytes, format).expect("it can be coded");
        bytes.into_inner()
    }

    #[test]
    fn format_and_size_are_told_from_the_bytes() {
        for (format, want) in [(ImageFormat::Png, PictureFormat::Png), (ImageFormat::Jpeg, PictureFormat::Jpeg)] {
            let bytes = file(format, (5, 4));
            let picture = from_bytes(bytes.clone(), drawn()).expect("a picture");
            assert_eq!((picture.format, picture.width, picture.height), (want, 5, 4));
            assert_eq!((&*picture.bytes, picture.took, picture.at), (bytes.as_slice(), 42, 7));
            let coded = format!("data:image/any;base64,{}\n", STANDARD.encode(&bytes));
            assert_eq!(from_base64(&coded, drawn()).expect("a picture").bytes, picture.bytes);
        }
    }

    #[test]
    fn what_is_no_whole_picture_is_refused() {
        let png = file(ImageFormat::Png, (64, 64));
        let mut flipped = png.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 0xff;
        // A head that claims far more pixels than anybody has asked for.
        let mut bomb = png.clone();
        bomb[16..20].copy_from_slice(&60_000u32.to_be_bytes());
        let jpeg = file(ImageFormat::Jpeg, (64, 64));
        for bytes in [
            Vec::new(),
            b"<html>".to_vec(),
            png[..8].to_vec(),
            png[..png.len() / 2].to_vec(),
            flipped,
            bomb,
            jpeg[..20].to_vec(),
            file(ImageFormat::Png, (MAX_SIDE + 1, 1)),
        ] {
            let fault = from_bytes(bytes.clone(), drawn()).expect_err("no picture");
            assert_eq!(fault.kind, FaultKind::OddAnswer, "{} bytes", bytes.len());
        }
    }
}
