//! What went wrong, in words, with the next step. A fault is data on a screen, never the end
//! of the program, and never holds a raw response.

use serde::{Deserialize, Serialize};

use super::{guard::ALLOWED, text::SafeText};

/// Why a request did not give what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, strum::Display, strum::EnumIter)]
#[strum(serialize_all = "kebab-case")]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// No credentials could be found.
    NoCredentials,
    /// Credentials or the SSO session have expired.
    Expired,
    /// AWS does not know the key, or the signature is wrong.
    WrongCredentials,
    /// The credentials are of another account than the session: somebody has logged in elsewhere.
    OtherAccount,
    /// The identity may not do this.
    Denied,
    /// Too many requests.
    Throttled,
    /// The thing does not exist.
    NotFound,
    /// AWS, or the application, understood and said no: validation, wrong state.
    Refused,
    /// Nothing to do: the change changes nothing.
    NoChange,
    /// No connection.
    Unreachable,
    /// A connection, but no answer in time.
    TimedOut,
    /// AWS failed (5xx).
    AwsFailed,
    /// An answer that is not AWS's: HTML, truncated JSON, empty body.
    OddAnswer,
    /// The console refuses: read-only, not armed, another session.
    Guarded,
    /// What was to be sent could not be noted in the audit log, and so was not sent.
    Unnoted,
    /// The console gave a row of writes up between two of them: what they rest on has changed.
    Stopped,
    /// The console itself failed: a panic in a task, the disk.
    Internal,
}

impl FaultKind {
    /// AWS left the request unjudged, so that the same one may be sent again: what it names is still good.
    pub fn is_unjudged(self) -> bool {
        match self {
            Self::NoCredentials
            | Self::Expired
            | Self::WrongCredentials
            | Self::OtherAccount
            | Self::Denied
            | Self::Throttled
            | Self::Unreachable
            | Self::TimedOut
            | Self::AwsFailed
            | Self::Guarded
            | Self::Unnoted
            | Self::Stopped => true,
            Self::NotFound | Self::Refused | Self::NoChange | Self::OddAnswer | Self::Internal => false,
        }
    }

    /// A write that ended so may have been carried out all the same; after any other fault nothing was.
    pub fn may_have_begun(self) -> bool {
        match self {
            Self::Unreachable | Self::TimedOut | Self::AwsFailed | Self::OddAnswer | Self::Internal => true,
            Self::NoCredentials
            | Self::Expired
            | Self::WrongCredentials
            | Self::OtherAccount
            | Self::Denied
            | Self::Throttled
            | Self::NotFound
            | Self::Refused
            | Self::NoChange
            | Self::Guarded
            | Self::Unnoted
            | Self::Stopped => false,
        }
    }

    /// In two or three plain words, for where a sentence has no room.
    pub fn words(self) -> &'static str {
        match self {
            Self::NoCredentials => "no credentials",
            Self::Expired => "login expired",
            Self::WrongCredentials => "wrong credentials",
            Self::OtherAccount => "another account",
            Self::Denied => "denied",
            Self::Throttled => "throttled",
            Self::NotFound => "not found",
            Self::Refused => "refused",
            Self::NoChange => "nothing to change",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "no answer in time",
            Self::AwsFailed => "AWS failed",
            Self::OddAnswer => "answer not AWS's",
            Self::Guarded => "not sent",
            Self::Unnoted => "no audit log",
            Self::Stopped => "stopped half way",
            Self::Internal => "console failed",
        }
    }

    /// It may be well a little later, without anybody doing anything.
    pub fn may_pass(self) -> bool {
        matches!(self, Self::Throttled | Self::Unreachable | Self::TimedOut | Self::AwsFailed)
    }
}

/// One failed request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What kind of failure.
    pub kind: FaultKind,
    /// The operation as IAM names it (`ecs:DescribeServices`), or our own words.
    pub operation: SafeText,
    /// What it was asked of: a stack, a service, a host.
    pub subject: SafeText,
    /// AWS's error code, as it came.
    pub code: Option<SafeText>,
    /// AWS's own message where it can not hold a secret; else empty.
    pub detail: SafeText,
    /// AWS's request id.
    pub request_id: Option<SafeText>,
}

impl Fault {
    /// A fault without AWS's part.
    pub fn new(kind: FaultKind, operation: &str, subject: &str, detail: &str) -> Self {
        Self {
            kind,
            operation: operation.into(),
            subject: subject.into(),
            code: None,
            detail: detail.into(),
            request_id: None,
        }
    }

    /// What failed, on what, in our own words alone: one line, no final stop; empty where only the detail says it.
    pub fn plain(&self) -> String {
        let on = if self.subject.is_empty() {
            String::new()
        } else {
            format!(" on {}", self.subject)
        };
        match self.kind {
            FaultKind::NoCredentials => "no AWS credentials were found".to_owned(),
            FaultKind::Expired => "the AWS credentials have expired".to_owned(),
            FaultKind::WrongCredentials => "AWS does not accept these credentials".to_owned(),
            FaultKind::Denied => format!("{}{on} is not allowed", self.operation),
            FaultKind::Throttled => format!("AWS is throttling {}", self.operation),
            FaultKind::NotFound if self.subject.is_empty() => format!("{}: not found", self.operation),
            FaultKind::NotFound => format!("{} does not exist", self.subject),
            // AWS's own operations have its service before a colon; the application answers the others.
            FaultKind::Refused if !self.operation.contains(':') => format!("{}{on} failed", self.operation),
            FaultKind::Refused => format!("AWS refused {}{on}", self.operation),
            FaultKind::NoChange => "nothing would change".to_owned(),
            FaultKind::Unreachable => format!("{} could not be reached", or(&self.subject, "AWS")),
            FaultKind::TimedOut => format!("{}{on} was not answered in time", self.operation),
            FaultKind::AwsFailed => format!("AWS failed to answer {}", self.operation),
            FaultKind::OddAnswer => format!("the answer to {} was not one AWS gives", self.operation),
            FaultKind::OtherAccount | FaultKind::Guarded | FaultKind::Unnoted | FaultKind::Stopped | FaultKind::Internal => String::new(),
        }
    }

    /// What failed, on what, and why if known: one line, no final stop.
    pub fn sentence(&self) -> String {
        let what = self.plain();
        let detail = self.detail.trim_end_matches('.');
        let is_echo = what.ends_with("does not exist") && detail.contains("does not exist");
        match (what.is_empty(), detail.is_empty() || is_echo) {
            (true, _) => detail.to_owned(),
            (false, true) => what,
            (false, false) => format!("{what}: {detail}"),
        }
    }

    /// What to do now: one sentence.
    pub fn advice(&self) -> String {
        match self.kind {
            FaultKind::NoCredentials => "Set a profile with --profile, or run `aws configure sso`; `bic-tui --demo` needs none.".into(),
            FaultKind::Expired => "Log in again (`aws sso login`); the console goes on by itself.".into(),
            FaultKind::WrongCredentials => "Check the profile and its keys: `aws sts get-caller-identity` must work.".into(),
            FaultKind::OtherAccount => "Log in to the account that was meant, or look twice before going on.".into(),
            FaultKind::Denied => format!("Ask for the permission {}; `bic-tui policy` prints them all.", self.operation),
            // Nothing sends a write again by itself.
            FaultKind::Throttled if ALLOWED.contains(&self.operation.as_str()) => "Try again in a minute.".into(),
            FaultKind::Throttled => "The console asks less often and goes on by itself.".into(),
            FaultKind::NotFound => "Check the name, the region and the profile.".into(),
            FaultKind::Refused if matches!(self.code.as_deref(), Some("RequestTimeTooSkewed" | "RequestInTheFuture")) => {
                "Set the clock of this machine; AWS takes requests that are some minutes off, no more.".into()
            }
            FaultKind::Refused if self.operation == "logs:StartLiveTail" && self.code.as_deref() == Some("LimitExceededException") => {
                "It is asked for again in 5 min; polling goes on, which is free.".into()
            }
            FaultKind::Refused if !self.operation.contains(':') => "Look at the log of both services for the reason.".into(),
            FaultKind::Refused => "Change what AWS names and try again.".into(),
            FaultKind::NoChange => "The stack already is as wanted.".into(),
            FaultKind::Unreachable => "Check the network, the region and --endpoint-url.".into(),
            FaultKind::TimedOut | FaultKind::AwsFailed => "It is asked again by itself; the AWS Health Dashboard tells of outages.".into(),
            FaultKind::OddAnswer => "Check for a proxy or a captive portal between here and AWS.".into(),
            FaultKind::Guarded => "Nothing was sent.".into(),
            FaultKind::Unnoted => "Nothing was sent: make room on the disk or mend the file's rights, then do it again.".into(),
            FaultKind::Stopped => "Wait for its end, then ask for the rest again.".into(),
            FaultKind::Internal => "Press ! for the error log.".into(),
        }
    }

    /// Exit status of a subcommand that ends on this fault.
    pub fn exit_status(&self) -> u8 {
        match self.kind {
            FaultKind::NoCredentials | FaultKind::Expired | FaultKind::WrongCredentials | FaultKind::OtherAccount => 3,
            FaultKind::Guarded => 2,
            FaultKind::Stopped => 1,
            FaultKind::NoChange => 0,
            FaultKind::Denied
            | FaultKind::Throttled
            | FaultKind::NotFound
            | FaultKind::Refused
            | FaultKind::Unreachable
            | FaultKind::TimedOut
            | FaultKind::AwsFailed
            | FaultKind::OddAnswer
            | FaultKind::Unnoted
            | FaultKind::Internal => 4,
        }
    }

    /// Whether the credentials are at fault, so that every other request would fail as well.
    pub fn is_credentials(&self) -> bool {
        matches!(
            self.kind,
            FaultKind::NoCredentials | FaultKind::Expired | FaultKind::WrongCredentials | FaultKind::OtherAccount
        )
    }
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_a_few_words_that_fit_beside_others() {
        for kind in <FaultKind as strum::IntoEnumIterator>::iter() {
            let words = kind.words();
            assert!(words.len() <= 17 && !words.contains('-'), "{words}");
        }
    }

    #[test]
    fn a_clock_that_is_wrong_is_to_be_set() {
        let fault = Fault {
            code: Some("RequestTimeTooSkewed".into()),
            ..Fault::new(FaultKind::Refused, "cloudformation:DescribeStacks", "chat", "")
        };
        assert!(fault.advice().starts_with("Set the clock"), "{}", fault.advice());
    }

    #[test]
    fn a_sentence_has_no_final_stop_and_says_nothing_twice() {
        for (kind, subject, detail, want) in [
            (
                FaultKind::WrongCredentials,
                "",
                "The security token included in the request is invalid.",
                "AWS does not accept these credentials: The security token included in the request is invalid",
            ),
            (
                FaultKind::NotFound,
                "/ecs/chat",
                "The specified log group does not exist.",
                "/ecs/chat does not exist",
            ),
            (
                FaultKind::NotFound,
                "a secret",
                "it has no current version",
                "a secret does not exist: it has no current version",
            ),
            (
                FaultKind::Refused,
                "chat",
                "Rate exceeded",
                "AWS refused logs:FilterLogEvents on chat: Rate exceeded",
            ),
            (
                FaultKind::Guarded,
                "",
                "Open WebUI keeps to one task.",
                "Open WebUI keeps to one task",
            ),
        ] {
            assert_eq!(Fault::new(kind, "logs:FilterLogEvents", subject, detail).sentence(), want);
        }
    }

    #[test]
    fn what_the_application_said_is_not_put_on_aws() {
        let fault = Fault::new(
            FaultKind::Refused,
            "the test image",
            "nova-canvas",
            "Open WebUI says: [ERROR: Forbidden]",
        );
        assert_eq!(
            fault.sentence(),
            "the test image on nova-canvas failed: Open WebUI says: [ERROR: Forbidden]"
        );
        assert!(!fault.advice().contains("AWS"), "{}", fault.advice());
    }

    #[test]
    fn a_missing_permission_leads_to_the_list_of_all_that_are_needed() {
        let fault = Fault::new(FaultKind::Denied, "ecs:ListTasks", "", "");
        assert!(
            fault.advice().contains("ecs:ListTasks; `bic-tui policy` prints"),
            "{}",
            fault.advice()
        );
    }
}
