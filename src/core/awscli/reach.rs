//! The flags with which a command line reaches what a session works on.

use super::flags;
use crate::{cloud::About, core::text::SafeText};

/// The flags with which a command line reaches a stack, quoted for a shell. A name that stands for no profile is left out.
pub fn place(about: &About, stack: &str) -> String {
    let endpoint = endpoint(about);
    flags(&[
        ("--profile", profile(about)),
        ("--region", Some(about.region.as_str())),
        ("--stack", Some(stack)),
        ("--endpoint-url", endpoint),
    ])
}

/// The flags with which an `aws` command line reaches the same account and region, quoted for a shell.
pub fn account(about: &About) -> String {
    let endpoint = endpoint(about);
    flags(&[
        ("--profile", profile(about)),
        ("--region", Some(about.region.as_str())),
        ("--endpoint-url", endpoint),
    ])
}

fn profile(about: &About) -> Option<&str> {
    (about.badge.is_none() && about.profile != "default").then_some(about.profile.as_str())
}

/// The one that was asked for: what is inherited is inherited again.
fn endpoint(about: &About) -> Option<&str> {
    let given = about.endpoint.as_ref().filter(|_| !about.is_endpoint_inherited);
    given.map(SafeText::as_str)
}

/// How command lines reach the stack of a session: flags, quoted for a shell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reach {
    /// Those of a `bic-tui` subcommand.
    pub stack: String,
    /// Those of an `aws` command.
    pub account: String,
    /// Those of `aws sso login`.
    pub login: String,
}

impl Reach {
    /// Of a session and its stack.
    pub fn of(about: &About, stack: &str) -> Self {
        Self {
            stack: place(about, stack),
            account: account(about),
            login: flags(&[("--profile", profile(about))]),
        }
    }

    /// A text in which every command in backquotes reaches the stack: one that names no place gets the flags.
    pub fn placed(&self, text: &str) -> String {
        // What stands between two backquotes is every second piece; the last piece has no end.
        let pieces: Vec<&str> = text.split('`').collect();
        let filled = pieces.iter().enumerate().map(|(i, piece)| match self.lacks(piece) {
            Some(flags) if i % 2 == 1 && i + 1 < pieces.len() => format!("{piece} {flags}"),
            _ => (*piece).to_owned(),
        });
        filled.collect::<Vec<_>>().join("`")
    }

    /// The flags that a command lacks.
    fn lacks(&self, code: &str) -> Option<&str> {
        let names = |flags: &[&str]| flags.iter().any(|flag| code.contains(flag));
        let flags = match code.split_once(' ')? {
            ("bic-tui", rest) if !rest.starts_with('-') && !names(&["--region ", "--stack "]) => &self.stack,
            ("aws", rest) if rest.starts_with("configure ") || names(&["--region ", "--profile "]) => return None,
            ("aws", rest) if rest.starts_with("sso ") => &self.login,
            ("aws", _) => &self.account,
            _ => return None,
        };
        (!flags.is_empty()).then_some(flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_without_a_place_gets_one() {
        let reach = Reach {
            stack: "--stack x".into(),
            account: "--region r".into(),
            login: "--profile p".into(),
        };
        for (text, want) in [
            ("Look (`bic-tui logs`).", "Look (`bic-tui logs --stack x`)."),
            (
                "`bic-tui tasks --stopped` or `bic-tui logs`",
                "`bic-tui tasks --stopped --stack x` or `bic-tui logs --stack x`",
            ),
            (
                "`bic-tui logs --region r`; `bic-tui logs --stack y`",
                "`bic-tui logs --region r`; `bic-tui logs --stack y`",
            ),
            (
                "`aws sso login`, `aws configure sso`, `bic-tui --demo`, bic-tui logs",
                "`aws sso login --profile p`, `aws configure sso`, `bic-tui --demo`, bic-tui logs",
            ),
            (
                "`aws sts get-caller-identity`; `aws x y --region z`",
                "`aws sts get-caller-identity --region r`; `aws x y --region z`",
            ),
            (
                "`aws cloudformation describe-stacks --stack-name x`",
                "`aws cloudformation describe-stacks --stack-name x --region r`",
            ),
            ("no end: `bic-tui logs", "no end: `bic-tui logs"),
        ] {
            assert_eq!(reach.placed(text), want);
        }
        assert_eq!(
            Reach::default().placed("`bic-tui logs`, `aws sso login`"),
            "`bic-tui logs`, `aws sso login`"
        );
    }
}
