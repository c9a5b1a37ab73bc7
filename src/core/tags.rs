//! Stack tags: what AWS takes for one, those of the deployment guide, and what a wish makes of those that there are.

use std::collections::BTreeSet;

use super::{fact::Stack, nearest, plan::Wish, text::SafeText};

/// A tag: its key and its value.
pub type Tag = (SafeText, SafeText);

/// Most tags of a stack; those of AWS itself do not count.
const MOST: usize = 50;
/// Most characters of a key.
const KEY: usize = 128;
/// Most characters of a value.
const VALUE: usize = 256;

/// The stack tags of the deployment guide.
const DEFAULT: [(&str, &str); 3] = [
    ("Project", "BedrockImageChat"),
    ("Environment", "Production"),
    ("ManagedBy", "CloudFormation"),
];

/// What a tag is made of, in words.
pub const MADE_OF: &str = "letters, digits, spaces and _ . : / = + - @";

/// The guide's tags as a stack takes them.
pub fn default_tags() -> Vec<Tag> {
    DEFAULT.map(|(k, v)| (k.into(), v.into())).to_vec()
}

/// The tags of a stack that its operator may change, or the guide's for a new one.
pub fn own(stack: Option<&Stack>) -> Vec<Tag> {
    let mut all = stack.map_or_else(default_tags, |s| s.tags.clone());
    all.retain(|(key, _)| !is_of_aws(key));
    all
}

/// Reads `Key=Value`, without the blanks around both.
///
/// # Errors
/// What is wrong with it: one sentence without a stop.
pub fn read(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("a tag reads Key=Value")?;
    let (key, value) = (key.trim(), value.trim());
    check(key, value)?;
    Ok((key.into(), value.into()))
}

/// Whether AWS takes such a tag.
///
/// # Errors
/// Why not: one sentence without a stop.
pub fn check(key: &str, value: &str) -> Result<(), String> {
    check_key(key)?;
    let (name, length) = (short(key), value.chars().count());
    if value.is_empty() {
        return Err(format!("the tag {name} needs a value: CloudFormation takes no empty one"));
    }
    if length > VALUE {
        return Err(format!(
            "the value of the tag {name} has {length} characters: AWS takes {VALUE} at most"
        ));
    }
    if !value.chars().all(is_allowed) {
        let value = short(value);
        return Err(format!("the value \"{value}\" of the tag {name} is refused: AWS takes {MADE_OF}"));
    }
    Ok(())
}

fn check_key(key: &str) -> Result<(), String> {
    let (name, length) = (short(key), key.chars().count());
    if key.is_empty() {
        Err("a tag needs a key: it reads Key=Value".into())
    } else if length > KEY {
        Err(format!(
            "the key of the tag \"{name}\" has {length} characters: AWS takes {KEY} at most"
        ))
    } else if !key.chars().all(is_allowed) {
        Err(format!("the key of the tag \"{name}\" is refused: AWS takes {MADE_OF}"))
    } else if is_of_aws(key) {
        Err(format!("the tag \"{name}\" is refused: AWS keeps aws: to itself"))
    } else {
        Ok(())
    }
}

fn is_allowed(c: char) -> bool {
    c.is_alphanumeric() || " _.:/=+-@".contains(c)
}

/// So much of a text as a sentence has room for.
fn short(text: &str) -> SafeText {
    let start: String = text.chars().take(40).collect();
    let sign = if start.len() < text.len() { "…" } else { "" };
    format!("{start}{sign}").into()
}

/// The tag is set by AWS, and by nobody else.
fn is_of_aws(key: &str) -> bool {
    key.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("aws:"))
}

/// Whether the tags of a wish are tags, and each is named once.
///
/// # Errors
/// The first that is not: one sentence without a stop.
pub fn check_wish(wish: &Wish) -> Result<(), String> {
    wish.tags.iter().try_for_each(|(key, value)| check(key, value))?;
    wish.untags.iter().try_for_each(|key| check_key(key))?;
    let mut seen = BTreeSet::new();
    let mut named = wish.tags.iter().map(|(key, _)| key).chain(&wish.untags);
    match named.find(|key| !seen.insert(key.as_str())) {
        Some(twice) => Err(format!("the tag {} is named more than once", short(twice))),
        None => within(wish.tags.len()),
    }
}

fn within(count: usize) -> Result<(), String> {
    if count > MOST {
        return Err(format!("{count} tags are too many: AWS takes {MOST} at most"));
    }
    Ok(())
}

/// The tags of the stack afterwards: those that it has, or the guide's for a new one, with what was given in place of the
/// like-named. `None` keeps what there is. What becomes of each that is changed goes to `notes`.
///
/// # Errors
/// What is wrong with the wish: one sentence.
pub fn after(wish: &Wish, stack: Option<&Stack>, notes: &mut Vec<String>) -> Result<Option<Vec<Tag>>, String> {
    check_wish(wish)?;
    if wish.tags.is_empty() && wish.untags.is_empty() {
        return Ok(stack.is_none().then(default_tags));
    }
    let mut all = own(stack);
    for key in &wish.untags {
        let Some(at) = all.iter().position(|(k, _)| **k == **key) else {
            let known = all.iter().map(|(k, _)| k.as_str());
            return Err(format!("there is no tag \"{}\"; {}", SafeText::new(key), nearest::hint(key, known)));
        };
        let (key, value) = all.remove(at);
        notes.push(format!("the tag {key}={value} is removed"));
    }
    for (key, value) in &wish.tags {
        match all.iter_mut().find(|(k, _)| **k == **key) {
            Some((key, old)) => {
                let new = SafeText::new(value);
                if stack.is_some() && *old != new {
                    notes.push(format!("the tag {key}={old} becomes {key}={new}"));
                }
                *old = new;
            }
            None => all.push((key.as_str().into(), value.as_str().into())),
        }
    }
    within(all.len())?;
    Ok(Some(all))
}

/// What a stack has instead of the tags that were wanted, where it has others: CloudFormation says of no other request than
/// `UpdateStack` that an empty list removes them. A clause.
pub fn unmet(wanted: Option<&[Tag]>, stack: &Stack) -> Option<String> {
    let (wanted, has) = (wanted?, own(Some(stack)));
    let set = |tags: &[Tag]| tags.iter().cloned().collect::<BTreeSet<_>>();
    let named: Vec<String> = has.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let is_unmet = set(wanted) != set(&has);
    is_unmet.then(|| match named.as_slice() {
        [] => format!("stack {} has no tags, which is not what was wanted", stack.name),
        _ => format!(
            "stack {} has the tags {}, which is not what was wanted",
            stack.name,
            named.join(", ")
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(tags: &[(&str, &str)], untags: &[&str]) -> Wish {
        Wish {
            tags: tags.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            untags: untags.iter().map(|k| (*k).to_owned()).collect(),
            ..Wish::default()
        }
    }

    #[test]
    fn only_what_aws_takes_is_a_tag() {
        let (long_key, long_value) = ("k".repeat(128), "v".repeat(256));
        assert_eq!(check(&long_key, &long_value), Ok(()));
        assert_eq!(check("Straße 7", "a b_c.d:e/f=g+h-i@j"), Ok(()));
        let (longer_key, longer_value) = ("k".repeat(129), "v".repeat(257));
        for (key, value, want) in [
            ("", "x", "needs a key"),
            ("X", "", "the tag X needs a value"),
            (longer_key.as_str(), "x", "has 129 characters: AWS takes 128 at most"),
            (
                "X",
                longer_value.as_str(),
                "the value of the tag X has 257 characters: AWS takes 256 at most",
            ),
            ("a\u{1b}[31m", "x", "is refused: AWS takes letters"),
            ("X", "a\nb", "is refused: AWS takes letters"),
            ("X", "a;b", "the value \"a;b\" of the tag X is refused"),
            ("AWS:x", "1", "AWS keeps aws: to itself"),
        ] {
            let why = check(key, value).unwrap_err();
            assert!(why.contains(want) && !why.contains(['\u{1b}', '\n']), "{why}");
        }
    }

    #[test]
    fn a_tag_is_read_from_a_line() {
        assert_eq!(read(" Team = a=b "), Ok(("Team".into(), "a=b".into())));
        assert_eq!(read("Team"), Err("a tag reads Key=Value".into()));
        assert!(read("=x").is_err() && read("x=").is_err());
    }

    #[test]
    fn each_tag_is_named_once_and_there_are_fifty_at_most() {
        for (tags, untags) in [
            (&[("X", "1"), ("X", "2")][..], &[][..]),
            (&[("X", "1")], &["X"]),
            (&[], &["X", "X"]),
        ] {
            assert_eq!(check_wish(&wish(tags, untags)), Err("the tag X is named more than once".into()));
        }
        let keys: Vec<String> = (0..60).map(|i| format!("K{i}")).collect();
        let many = |n: usize| keys[..n].iter().map(|k| (k.as_str(), "v")).collect::<Vec<_>>();
        let asked = |n: usize| after(&wish(&many(n), &[]), None, &mut Vec::new()).map(|all| all.unwrap().len());
        assert_eq!(asked(47), Ok(50));
        assert_eq!(asked(48), Err("51 tags are too many: AWS takes 50 at most".into()));
        assert!(check_wish(&wish(&many(51), &[])).is_err());
    }
}
