//! Colour roles: views name what a thing is, the theme says how that looks.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};
use strum::IntoEnumIterator;

use crate::core::{health::Severity, names::App};

/// What a piece of the screen is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::Display, strum::EnumIter, strum::EnumString)]
#[strum(serialize_all = "kebab-case")]
pub enum Role {
    /// Ordinary text.
    Text,
    /// Less important text.
    Dim,
    /// What draws the eye without being good or bad.
    Accent,
    /// Titles of panels.
    Title,
    /// Lines round panels.
    Border,
    /// Lines round the panel with the focus.
    BorderFocus,
    /// Well.
    Good,
    /// At risk or under way.
    Warn,
    /// Broken.
    Bad,
    /// Neutral facts.
    Info,
    /// The row under the cursor.
    Selected,
    /// A key in footer and help.
    Key,
    /// A search match.
    Match,
    /// A word in the header.
    Badge,
    /// A word in the header that warns.
    BadgeWarn,
    /// A word in the header that shouts.
    BadgeBad,
    /// A button.
    Button,
    /// The button that has the focus.
    ButtonFocus,
    /// Open WebUI in the logs.
    Openwebui,
    /// LiteLLM in the logs.
    Litellm,
    /// A text in quotes in the logs.
    Quoted,
    /// A number in the logs.
    Number,
}

/// A theme: a style for every role.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme(BTreeMap<Role, Style>);

const DARK: &str = include_str!("../../assets/themes/dark.toml");
const LIGHT: &str = include_str!("../../assets/themes/light.toml");

impl Theme {
    /// A shipped theme: `dark` or `light`.
    ///
    /// # Errors
    /// A sentence that names the themes there are.
    pub fn named(name: &str) -> Result<Self, String> {
        match name {
            "dark" => Self::parse(DARK),
            "light" => Self::parse(LIGHT),
            _ => Err(format!("there is no theme `{name}`; choose auto, dark or light")),
        }
    }

    /// A theme without colours: only weight and reverse, for `NO_COLOR`.
    pub fn plain() -> Self {
        let style = |role| match role {
            Role::Dim | Role::Border => Style::new().add_modifier(Modifier::DIM),
            Role::Title | Role::Bad | Role::Key | Role::BorderFocus | Role::Accent => Style::new().add_modifier(Modifier::BOLD),
            Role::Selected | Role::ButtonFocus | Role::Match | Role::Badge | Role::BadgeWarn | Role::BadgeBad => {
                Style::new().add_modifier(Modifier::REVERSED)
            }
            Role::Text
            | Role::Good
            | Role::Warn
            | Role::Info
            | Role::Button
            | Role::Openwebui
            | Role::Litellm
            | Role::Quoted
            | Role::Number => Style::new(),
        };
        Self(Role::iter().map(|r| (r, style(r))).collect())
    }

    fn parse(text: &str) -> Result<Self, String> {
        let table: BTreeMap<String, String> = toml::from_str(text).map_err(|e| e.message().to_owned())?;
        Role::iter()
            .map(|role| {
                let words = table
                    .get(&role.to_string())
                    .ok_or_else(|| format!("the theme has no role `{role}`"))?;
                Ok((role, style(words)?))
            })
            .collect::<Result<_, String>>()
            .map(Self)
    }

    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.0.get(&role).copied().unwrap_or_default()
    }
}

fn style(words: &str) -> Result<Style, String> {
    let mut style = Style::new();
    let mut is_background = false;
    for (i, word) in words.split_whitespace().enumerate() {
        match word {
            "on" => is_background = true,
            "bold" => style = style.add_modifier(Modifier::BOLD),
            "dim" => style = style.add_modifier(Modifier::DIM),
            "italic" => style = style.add_modifier(Modifier::ITALIC),
            "underlined" => style = style.add_modifier(Modifier::UNDERLINED),
            "reversed" => style = style.add_modifier(Modifier::REVERSED),
            _ => {
                let color: Color = word.parse().map_err(|_| format!("`{word}` is not a colour"))?;
                match (i, is_background) {
                    (_, true) => style = style.bg(color),
                    (0, _) if color != Color::Reset => style = style.fg(color),
                    _ => {}
                }
            }
        }
    }
    Ok(style)
}

/// How a severity looks.
pub fn of_severity(severity: Severity) -> Role {
    match severity {
        Severity::Note => Role::Info,
        Severity::Warning => Role::Warn,
        Severity::Bad => Role::Bad,
    }
}

/// How an application looks in the logs.
pub fn of_app(app: Option<App>) -> Role {
    match app {
        Some(App::OpenWebui) => Role::Openwebui,
        Some(App::Litellm) => Role::Litellm,
        None => Role::Dim,
    }
}

/// How a CloudFormation status looks.
pub fn of_status(status: &str) -> Role {
    if status.ends_with("FAILED") || status.contains("ROLLBACK") {
        Role::Bad
    } else if status.ends_with("IN_PROGRESS") {
        Role::Warn
    } else if status.ends_with("COMPLETE") {
        Role::Good
    } else {
        Role::Text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_themes_have_every_role() {
        assert!(Theme::named("dark").is_ok() && Theme::named("light").is_ok());
        assert!(Theme::named("pink").unwrap_err().contains("auto, dark or light"));
    }
}
