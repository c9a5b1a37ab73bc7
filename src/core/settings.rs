//! What the operator set: flags, environment and `config.toml`, already merged.

use super::text::SafeText;

/// Settings of one session.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Stack name.
    pub stack: SafeText,
    /// Every write is refused.
    pub read_only: bool,
    /// The profile is marked production: writes need arming.
    pub production: bool,
    /// Writes on a production profile are armed from the start (`--arm`).
    pub armed: bool,
    /// Address of the application in place of the stack's `ALBEndpoint`.
    pub app_url: Option<SafeText>,
    /// Log group in place of `/ecs/<project>`.
    pub log_group: Option<SafeText>,
    /// Operations that are watched are kept in recordings.
    pub record: bool,
    /// Bytes of log lines held in memory.
    pub log_memory: usize,
    /// Times are shown in UTC at first.
    pub utc: bool,
    /// Mouse is on at first.
    pub mouse: bool,
    /// No colours (`NO_COLOR`, `--no-color`).
    pub no_color: bool,
    /// Theme: `auto`, `dark`, `light` or a name.
    pub theme: SafeText,
    /// Key overrides: intent name to keys.
    pub keys: Vec<(SafeText, Vec<SafeText>)>,
    /// Folder where pictures and exports are saved.
    pub save_dir: SafeText,
    /// Prompt of the test image.
    pub image_prompt: SafeText,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            stack: super::names::DEFAULT_PROJECT.into(),
            read_only: false,
            production: false,
            armed: false,
            app_url: None,
            log_group: None,
            record: true,
            log_memory: 512 << 20,
            utc: false,
            mouse: false,
            no_color: false,
            theme: "auto".into(),
            keys: Vec::new(),
            save_dir: ".".into(),
            image_prompt: "a lighthouse on a rocky coast at sunset, watercolor".into(),
        }
    }
}
