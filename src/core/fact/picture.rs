//! The test image and the stages that lead to it.

use std::{fmt, sync::Arc};

use serde::Serialize;

use super::Millis;
use crate::core::{text::SafeText, when};

/// How the bytes of a picture are coded, told from their signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::Display)]
#[strum(serialize_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum PictureFormat {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
}

/// An image that the model made. Its bytes have been decoded once, so size and format are true.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// The file as it came.
    pub bytes: Arc<[u8]>,
    /// Told from the signature.
    pub format: PictureFormat,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Model id or alias that made it.
    pub model: SafeText,
    /// What was asked for.
    pub prompt: SafeText,
    /// How long the whole request took, in milliseconds.
    pub took: u64,
    /// When it arrived.
    pub at: Millis,
}

impl Picture {
    /// Name of its file: when it came, to the millisecond.
    pub fn file_name(&self) -> String {
        format!("bic-image-{}.{}", when::compact(self.at), self.format)
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Picture({} {}×{}, {} bytes)",
            self.format,
            self.width,
            self.height,
            self.bytes.len()
        )
    }
}

/// One stage on the way from here to an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, strum::Display, strum::EnumIter)]
#[strum(serialize_all = "kebab-case")]
#[serde(rename_all = "kebab-case")]
pub enum ProbeStage {
    /// The name of the load balancer resolves.
    Dns,
    /// The load balancer answers HTTP.
    LoadBalancer,
    /// Open WebUI answers `GET /health`.
    OpenWebui,
    /// LiteLLM answers `GET /v1/models` with the API key.
    Litellm,
}

impl ProbeStage {
    /// Its name on a screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Dns => "DNS",
            Self::LoadBalancer => "Load balancer",
            Self::OpenWebui => "Open WebUI",
            Self::Litellm => "LiteLLM",
        }
    }
}

/// What a stage showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StageReport {
    /// Which.
    pub stage: ProbeStage,
    /// Whether it is well; `None` when it could not be judged from here.
    pub is_well: Option<bool>,
    /// Evidence: `200 in 41 ms`, `503 Service Temporarily Unavailable`, an address.
    pub evidence: SafeText,
    /// Milliseconds.
    pub took: u64,
}
