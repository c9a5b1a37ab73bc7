//! What the operator may bind: the rules that the default keys keep.

use super::{Intent, Kind};
use crate::core::key::{Code, Key};

/// Keys that terminals, tmux or screen take for themselves, or that people hit by accident: never bound.
pub const NEVER: [Key; 4] = [
    Key::ctrl('a'),
    Key::ctrl('k'),
    Key::plain(Code::Backspace),
    Key::plain(Code::Delete),
];

/// The rules that the default keys keep, for the operator's own.
pub(super) fn permitted(intent: Intent, keys: &[Key]) -> Result<(), String> {
    let binding = intent.binding();
    let is_acting = matches!(binding.kind, Kind::Write | Kind::Money);
    // What can not be undone has no key, and gets none.
    if is_acting && binding.keys.is_empty() && !keys.is_empty() {
        return Err(format!(
            "`{intent}` takes no key: it can not be undone, or leads to what can not; the palette has it"
        ));
    }
    for key in keys {
        let why = if NEVER.contains(key) {
            "terminals take it for themselves, or it is hit by accident"
        } else if let Some(name) = same_as(*key) {
            return Err(format!("the key `{key}` can not be bound: a terminal sends the same for {name}"));
        } else if KEPT.iter().any(|(owner, kept)| kept == key && *owner != intent) {
            "it works everywhere, in dialogs too"
        } else if is_acting && !acts(*key) {
            "what writes or costs money takes a capital, $, or one of s + - r"
        } else {
            continue;
        };
        return Err(format!("the key `{key}` can not be bound to `{intent}`: {why}"));
    }
    if !keys.is_empty() && keys.iter().all(|k| matches!(k.code, Code::F(_))) {
        return Err(format!(
            "`{intent}` needs a key beside {}: not every terminal sends F-keys",
            keys[0]
        ));
    }
    match KEPT.iter().find(|(owner, kept)| *owner == intent && !keys.contains(kept)) {
        Some((_, kept)) => Err(format!("`{intent}` keeps {kept}; other keys may stand beside it")),
        None => Ok(()),
    }
}

/// A key that may write.
fn acts(key: Key) -> bool {
    let is_plain = !key.ctrl && !key.alt;
    matches!(key.code, Code::Char(c) if is_plain && (c.is_uppercase() || "$s+-r".contains(c)))
}

/// The key that a terminal can not tell from this one.
fn same_as(key: Key) -> Option<&'static str> {
    match key.code {
        Code::Char('i') if key.ctrl => Some("tab"),
        Code::Char('m' | 'j') if key.ctrl => Some("enter"),
        Code::Char('[') if key.ctrl => Some("esc"),
        Code::Char('h') if key.ctrl => Some("backspace"),
        _ => None,
    }
}

/// Keys that leave and suspend, whatever the configuration says.
const KEPT: [(Intent, Key); 2] = [(Intent::Interrupt, Key::ctrl('c')), (Intent::Suspend, Key::ctrl('z'))];

#[cfg(test)]
mod tests {
    use crate::core::{keymap::Keymap, settings::Settings};

    #[test]
    fn the_rules_of_the_defaults_hold_for_overrides() {
        let with = |name: &str, keys: &[&str]| {
            Keymap::new(&Settings {
                keys: vec![(name.into(), keys.iter().map(|k| (*k).into()).collect())],
                ..Settings::default()
            })
        };
        for (name, keys, want) in [
            ("zoom", &["ctrl-k"][..], "can not be bound"),
            ("zoom", &["ctrl-K"], "can not be bound"),
            ("zoom", &["ctrl-a"], "can not be bound"),
            ("zoom", &["f", "backspace"], "can not be bound"),
            ("zoom", &["delete"], "can not be bound"),
            ("zoom", &["ctrl-i"], "tab"),
            ("zoom", &["ctrl-m"], "enter"),
            ("zoom", &["ctrl-c"], "everywhere"),
            ("help", &["ctrl-z"], "everywhere"),
            ("interrupt", &["ctrl-x"], "keeps ctrl-c"),
            ("suspend", &[], "keeps ctrl-z"),
            ("help", &["f1"], "F-keys"),
            ("scale", &["z"], "capital"),
            ("sleep", &["ctrl-s"], "capital"),
            ("image", &["enter"], "capital"),
            ("destroy", &["T"], "palette"),
        ] {
            let told = with(name, keys).map(|_| ());
            assert!(told.as_ref().is_err_and(|why| why.contains(want)), "{name} {keys:?}: {told:?}");
        }
        for (name, keys) in [
            ("help", &["?", "f1"][..]),
            ("scale", &["C"]),
            ("zoom", &[]),
            ("interrupt", &["ctrl-c", "ctrl-x"]),
            ("zoom", &["ctrl-t"]),
        ] {
            assert_eq!(with(name, keys).map(|_| ()), Ok(()), "{name} {keys:?}");
        }
    }
}
