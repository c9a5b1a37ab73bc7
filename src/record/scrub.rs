//! What a recording leaves out: account numbers, e-mail addresses, and whatever looks like a key or a password.

use std::{borrow::Cow, sync::LazyLock};

use regex::{Captures, Regex};
use serde_json::Value;

/// Longest line of a program's log that is kept, in characters.
const LONGEST: usize = 400;

/// What takes the place of something that looks like a secret.
const HIDDEN: &str = "(hidden)";

/// Names of what is a secret wherever it has a value.
const NAMES: &str = r"password|passwd|passphrase|pwd|credential|authorization|[_-]key|client[ _-]?secret|(?:api|master|access|secret|private|signing|encryption|auth|virtual)[ _-]?key|(?:access|auth|session|bearer|refresh|api)[ _-]?token";

/// Names that AWS gives to ids of its own as well.
const LOOSE: &str = "secret|token";

/// What follows such a name in a sentence about it, and is no value.
const PLAIN: [&str; 40] = [
    "a",
    "an",
    "and",
    "are",
    "authentication",
    "by",
    "can",
    "cannot",
    "contains",
    "could",
    "does",
    "empty",
    "expected",
    "expired",
    "extraneous",
    "failed",
    "for",
    "found",
    "from",
    "has",
    "in",
    "incorrect",
    "invalid",
    "is",
    "missing",
    "must",
    "no",
    "none",
    "not",
    "null",
    "of",
    "only",
    "or",
    "required",
    "the",
    "to",
    "too",
    "unable",
    "was",
    "wrong",
];

/// What is left out wherever it stands, and what stands there instead.
static ANYWHERE: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    compiled(&[
        (r"\b\d{12}\b", "000000000000"),
        // Before the addresses: a password may be the beginning of one.
        (r#"(://)[^\s@/"']*:[^\s"']*@"#, "$1(hidden)@"),
        (r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+", "(e-mail)"),
        (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", HIDDEN),
        (r"\bsk-[A-Za-z0-9_-]{6,}", HIDDEN),
        (r"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,2}", HIDDEN),
        (r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}", "$1 (hidden)"),
        (r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*", HIDDEN),
        (r"(?i)(encoded authorization failure message:\s*)\S+", "$1(hidden)"),
    ])
});

/// What is left out of log lines besides: names and ARNs of AWS's own would look like it too.
static IN_LOGS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let named = format!(r#"(?i)([A-Za-z0-9_.-]*(?:{NAMES}|{LOOSE})[A-Za-z0-9_.-]*\\?["']?\s*[=:]\s*)\S.*"#);
    compiled(&[(named.as_str(), "$1(hidden)"), (r"[A-Za-z0-9+_-]{40,}={0,2}", HIDDEN)])
});

/// What is left out of a value with a name, in a text that is to stay readable: the name, and the value.
static NAMED: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let value = r#"(?<value>\(hidden\)|\\"[^"]*"|"(?:[^"\\]|\\.)*"|'[^']*'|\S+)"#;
    let any = format!("(?:{NAMES}|{LOOSE})[A-Za-z0-9_-]*");
    let quoted = r#"(?:\\?["'])?\s*=\s*|\\?["']\s*:\s*"#;
    patterns(&[
        format!("(?i)(?<name>{any}(?:{quoted})){value}"),
        // The end of an ARN has the name of a secret before a colon.
        format!(r"(?i)(?<name>(?:^|[^A-Za-z0-9_./:-])[A-Za-z0-9_-]*(?:{NAMES})[A-Za-z0-9_-]*\s*:\s+){value}"),
    ])
});

/// The same where no sign is between the two.
static SPOKEN: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[
        format!(r"(?i)(?<name>(?:{NAMES}|{LOOSE})\s+(?:is|was)\s+)(?<value>\S+)"),
        r"(?i)(?<name>[A-Za-z0-9]+[_-](?:key|token|secret|password)\s+)(?<value>\S+)".to_owned(),
    ])
});

/// A key of AWS's, 40 characters; and in log lines whatever is longer.
static KEYS: LazyLock<Vec<Regex>> = LazyLock::new(|| patterns(&[r"[A-Za-z0-9/+]{40,}", r"[A-Za-z0-9/+_-]{40,}={0,2}"]));

fn patterns(texts: &[impl AsRef<str>]) -> Vec<Regex> {
    texts.iter().filter_map(|it| Regex::new(it.as_ref()).ok()).collect()
}

fn compiled(rules: &[(&str, &'static str)]) -> Vec<(Regex, &'static str)> {
    let one = |(pattern, instead): &(&str, &'static str)| Some((Regex::new(pattern).ok()?, *instead));
    rules.iter().filter_map(one).collect()
}

/// Takes it out of every text of a value; `in_logs` where the texts are a program's own.
pub(super) fn scrub(value: &mut Value, in_logs: bool) {
    match value {
        Value::String(text) => *text = scrubbed(text, in_logs),
        Value::Array(items) => items.iter_mut().for_each(|it| scrub(it, in_logs)),
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match field {
                    // The name of a stream, and the lines.
                    Value::Array(parts) if name == "last-lines" => parts.iter_mut().for_each(|it| scrub(it, it.is_array())),
                    _ => scrub(field, in_logs),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn scrubbed(text: &str, in_logs: bool) -> String {
    let of_logs = |all: usize| if in_logs { all } else { 0 };
    let mut out = text.to_owned();
    for (pattern, instead) in ANYWHERE.iter().chain(&IN_LOGS[..of_logs(IN_LOGS.len())]) {
        replace(&mut out, |text| pattern.replace_all(text, *instead));
    }
    for pattern in NAMED.iter().chain(&SPOKEN[..of_logs(SPOKEN.len())]) {
        replace(&mut out, |text| pattern.replace_all(text, without_value));
    }
    for (pattern, is_exact) in KEYS.iter().zip([true, false]).filter(|(_, is_exact)| in_logs || *is_exact) {
        let hide = |it: &Captures<'_>| {
            let is_key = is_mixed(&it[0]) && (!is_exact || it[0].len() == 40);
            if is_key { HIDDEN } else { &it[0] }.to_owned()
        };
        replace(&mut out, |text| pattern.replace_all(text, hide));
    }
    if in_logs && out.chars().count() > LONGEST {
        out = out.chars().take(LONGEST).chain("…".chars()).collect();
    }
    out
}

fn replace(text: &mut String, with: impl for<'a> FnOnce(&'a str) -> Cow<'a, str>) {
    let changed = match with(text) {
        Cow::Owned(changed) => changed,
        Cow::Borrowed(_) => return,
    };
    *text = changed;
}

/// The name alone, unless what follows it is only a word.
fn without_value(it: &Captures<'_>) -> String {
    let value = it["value"].trim_end_matches(['.', ',', ';', ')']);
    if PLAIN.contains(&value.to_lowercase().as_str()) {
        return it[0].to_owned();
    }
    format!("{}{HIDDEN}", &it["name"])
}

/// Small and capital letters and digits: a path has seldom all of them.
fn is_mixed(text: &str) -> bool {
    let has = |is: fn(&u8) -> bool| text.as_bytes().iter().any(is);
    has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!((ANYWHERE.len(), IN_LOGS.len()), (9, 2));
        assert_eq!((NAMED.len(), SPOKEN.len(), KEYS.len()), (2, 2, 2));
    }

    #[test]
    fn accounts_addresses_and_keys_are_left_out_anywhere() {
        for (text, want) in [
            (
                "arn:aws:ecs:us-west-2:123456789012:service/chat-cluster/chat-litellm",
                "arn:aws:ecs:us-west-2:000000000000:service/chat-cluster/chat-litellm",
            ),
            (
                "123456789012.dkr.ecr.us-west-2.amazonaws.com/chat/litellm",
                "000000000000.dkr.ecr.us-west-2.amazonaws.com/chat/litellm",
            ),
            ("0af3123456789012abcd", "0af3123456789012abcd"),
            ("admin@example.com", "(e-mail)"),
            ("key AKIAIOSFODNN7EXAMPLE is wrong", "key (hidden) is wrong"),
            ("sk-1234567890abcdef", "(hidden)"),
            ("postgres://chat:hunter2@db/chat", "postgres://(hidden)@db/chat"),
            (
                "postgres://chat:hun$ter@db.example.com/chat",
                "postgres://(hidden)@db.example.com/chat",
            ),
            ("postgres://chat:p@ss/w@db", "postgres://(hidden)@db"),
            ("redis://:p4ss@cache", "redis://(hidden)@cache"),
            (
                "https://a.example.com/x: see b@example.com",
                "https://a.example.com/x: see (e-mail)",
            ),
            ("key wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY is", "key (hidden) is"),
            ("password=hunter2 is wrong", "password=(hidden) is wrong"),
            ("{\"api_key\": \"zzz111\", \"a\": 1}", "{\"api_key\": (hidden), \"a\": 1}"),
            ("{\\\"token\\\":\\\"z z\\\",\\\"a\\\":1}", "{\\\"token\\\":(hidden),\\\"a\\\":1}"),
            (r#"{"password": "a\"b c", "d": 1}"#, r#"{"password": (hidden), "d": 1}"#),
            ("MASTER_KEY=qqq222", "MASTER_KEY=(hidden)"),
            ("the master password: it's", "the master password: (hidden)"),
            ("Password: is not set", "Password: is not set"),
            (
                "is not authorized. Encoded authorization failure message: aBc-1_2 (Service: Ec2)",
                "is not authorized. Encoded authorization failure message: (hidden) (Service: Ec2)",
            ),
            (
                "validation failed with message: #/MasterUserPassword: failed validation constraint",
                "validation failed with message: #/MasterUserPassword: failed validation constraint",
            ),
            (
                "failed to fetch secret arn:aws:secretsmanager:us-west-2:1:secret:chat/litellm-api-key-AbCdEf: ResourceNotFoundException: Secrets Manager can't find the specified secret.",
                "failed to fetch secret arn:aws:secretsmanager:us-west-2:1:secret:chat/litellm-api-key-AbCdEf: ResourceNotFoundException: Secrets Manager can't find the specified secret.",
            ),
            ("was refused. (Request Token: 1b2c-3)", "was refused. (Request Token: 1b2c-3)"),
            (
                "Resource handler returned message: x (RequestToken: 1b2c, HandlerErrorCode: NotFound)",
                "Resource handler returned message: x (RequestToken: 1b2c, HandlerErrorCode: NotFound)",
            ),
            (
                "arn:aws:secretsmanager:us-west-2:123456789012:secret:chat/litellm-api-key-AbCdEf",
                "arn:aws:secretsmanager:us-west-2:000000000000:secret:chat/litellm-api-key-AbCdEf",
            ),
        ] {
            assert_eq!(scrubbed(text, false), want);
            assert_eq!(scrubbed(&scrubbed(text, false), false), want, "twice is as once");
        }
    }

    #[test]
    fn lines_of_programs_say_no_more_than_they_must() {
        let long = "x ".repeat(600);
        for (text, want) in [
            ("LITELLM_MASTER_KEY=short", "LITELLM_MASTER_KEY=(hidden)"),
            ("{'master_key': 'abcd1234'}", "{'master_key': (hidden)"),
            ("x-api-key abc123", "x-api-key (hidden)"),
            ("the password is hunter2", "the password is (hidden)"),
            ("the password is not set", "the password is not set"),
            (
                "FATAL: password authentication failed for user \"chat\"",
                "FATAL: password authentication failed for user \"chat\"",
            ),
            (
                "  File \"/usr/local/lib/python3.13/site-packages/litellm/proxy/proxy_server.py\", line 1",
                "  File \"/usr/local/lib/python3.13/site-packages/litellm/proxy/proxy_server.py\", line 1",
            ),
            ("with wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY0000", "with (hidden)"),
            ("password=hunter2 and more", "password=(hidden)"),
            ("{\"api_key\": \"abc\"}", "{\"api_key\": (hidden)"),
            ("Authorization: Bearer abcdefghijkl", "Authorization: (hidden)"),
            (
                "Exception: Config file not found: /tmp/config.yaml",
                "Exception: Config file not found: /tmp/config.yaml",
            ),
            ("wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYwJalrX", HIDDEN),
        ] {
            assert_eq!(scrubbed(text, true), want);
        }
        assert_eq!(scrubbed(&long, true).chars().count(), LONGEST + 1);
    }

    #[test]
    fn only_the_lines_of_a_task_are_read_as_log() {
        let mut value = serde_json::json!({"fact": {"last-lines": ["litellm/litellm/0123456789abcdef0123456789abcdef", ["token: abc"]]}, "events": [{"reason": "token: abc"}]});
        scrub(&mut value, false);
        assert_eq!(value["fact"]["last-lines"][1][0], "token: (hidden)");
        assert_eq!(value["fact"]["last-lines"][0], "litellm/litellm/0123456789abcdef0123456789abcdef");
        assert_eq!(value["events"][0]["reason"], "token: abc");
    }
}
