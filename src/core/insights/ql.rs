//! The filter of the Logs screen as a query of Logs Insights. The query is coarse: it lets through every line
//! that the filter keeps, and some more; the results are then read and filtered here as the tail's lines are.
//! So no difference between AWS's regular expressions and ours, no colour sequence in a line and no level that
//! only its neighbours tell can lose a line. But of a request only the lines that name it come, not the rest of
//! their entries: nothing in those lines tells AWS whose they are. Lines that were left out can not end the entry of an error before
//! them: a line without a level of its own may then be shown with that error.

use regex_syntax::ast::{self, AssertionKind, Ast, ClassPerlKind, ClassSet, ClassSetItem, GroupKind, RepetitionKind, RepetitionRange};

use crate::core::{
    lines::{Filter, Pattern, Request, StreamName},
    logline::Level,
};

/// Most events of one query: more come only in further pages, and more than a screen is for.
pub const MOST: usize = 10_000;
/// Longest expression that is sent; a longer one is left to the reading here.
const LONGEST: usize = 1_000;
/// Besides lines that are not shown byte for byte.
const OR_ODD: &str = r" or @message like /[^ -~\n]/";
/// What may be anything.
const GAP: &str = ".*";
/// A colour sequence, or none.
const COLOUR: &str = r"(\x1b.\d+m)?";

/// The query. `minds_case` when the pattern does not follow the rule that only a capital letter minds case.
pub fn query(filter: &Filter, minds_case: bool) -> String {
    let mut stages = vec!["fields @timestamp, @ingestionTime, @logStream, @message".to_owned()];
    stages.extend(filter.app.map(|app| format!("filter @logStream like /^{app}/")));
    stages.extend(filter.stream.as_ref().and_then(streams));
    stages.extend(filter.request.as_ref().and_then(names));
    stages.extend(filter.pattern.as_ref().and_then(|pattern| keeps(pattern, minds_case)));
    let least = filter.min_level.max(filter.shape.is_some().then_some(Level::Error));
    stages.extend(least.map(graver).unwrap_or_default());
    stages.push("sort @timestamp desc".to_owned());
    stages.push(format!("limit {MOST}"));
    stages.join("\n| ")
}

/// A stage that lets through the lines that name a request, in any case and inside of words; not what goes on with them.
fn names(request: &Request) -> Option<String> {
    keeps(&Pattern::search(&request.ids().join("|").to_lowercase())?, false)
}

/// A stage that lets through the streams that are meant; none where a name is written otherwise than it is.
fn streams(name: &StreamName) -> Option<String> {
    let text = name.text();
    // A sign in the place of a hidden character.
    if text.contains("<U+") {
        return None;
    }
    let plain: String = text.chars().map(plain).collect::<Option<_>>()?;
    Some(match name {
        StreamName::Is(_) if !text.contains(['\'', '\\']) => format!("filter @logStream = '{text}'"),
        StreamName::Is(_) => format!("filter @logStream like /^{plain}$/"),
        StreamName::Like(_) => match plain.split_once('/') {
            Some((first, rest)) => format!(r"filter @logStream like /^{first}/({rest}|.*\/{rest}[^\/]*$)/"),
            None => format!(r"filter @logStream like /^{plain}|\/{plain}[^\/]*$/"),
        },
    })
}

/// The pattern of the filter can not be said in the query: it is applied only to the lines that come.
pub fn lacks_pattern(filter: &Filter, minds_case: bool) -> bool {
    filter.pattern.as_ref().is_some_and(|pattern| keeps(pattern, minds_case).is_none())
}

/// A stage that lets through what a pattern keeps; none where nothing can be said for sure.
fn keeps(pattern: &Pattern, minds_case: bool) -> Option<String> {
    // Here the console and its flags mind no case.
    let written = pattern.text();
    let text = written
        .strip_prefix("(?i)")
        .filter(|_| !pattern.is_literal_fallback())
        .unwrap_or(written);
    let parsed = if pattern.is_literal_fallback() {
        None
    } else {
        Some(ast::parse::Parser::new().parse(text).ok()?)
    };
    let minds_case =
        text.len() == written.len() && (minds_case || parsed.as_ref().map_or_else(|| text.chars().any(char::is_uppercase), has_capital));
    let literal = match &parsed {
        Some(ast) => literal(ast),
        None => Some(text.to_owned()),
    };
    let (not, expression, or) = if pattern.is_inverse() {
        let (expression, or) = leaves_out(text, parsed.as_ref(), literal.as_deref())?;
        ("not ", expression, or)
    } else {
        let loose = match (&parsed, literal) {
            (_, Some(literal)) => joined(literal.chars().map(of_char)),
            (Some(ast), None) => loose(ast)?,
            (None, None) => return None,
        };
        ("", trimmed(&loose)?.to_owned(), "")
    };
    let flags = [(!minds_case).then_some('i'), expression.contains(GAP).then_some('s')];
    let flags: String = flags.into_iter().flatten().collect();
    let flags = if flags.is_empty() { flags } else { format!("(?{flags})") };
    (expression.len() <= LONGEST).then(|| format!("filter @message {not}like /{flags}{expression}/{or}"))
}

/// An expression that is found only where a pattern is, and the lines for which that is not sure.
fn leaves_out(text: &str, parsed: Option<&Ast>, literal: Option<&str>) -> Option<(String, &'static str)> {
    if let Some(exact) = literal.and_then(exact) {
        return Some((exact, ""));
    }
    let strict = match parsed {
        Some(ast) => strict(ast)?,
        None => text.chars().map(plain).collect::<Option<_>>()?,
    };
    let says_something = regex_syntax::parse(&strict).ok()?.properties().minimum_len()? > 0;
    says_something.then_some((strict, OR_ODD))
}

/// Letters and digits stand for themselves. Everything else may have a colour sequence beside it, or be shown
/// as something else than it is.
fn of_char(c: char) -> String {
    if c.is_ascii_alphanumeric() || c == '_' {
        c.to_string()
    } else {
        GAP.to_owned()
    }
}

fn joined(pieces: impl Iterator<Item = String>) -> String {
    pieces.fold(String::new(), |mut out, piece| {
        let piece = if out.ends_with(GAP) {
            piece.strip_prefix(GAP).unwrap_or(&piece)
        } else {
            &piece
        };
        out.push_str(piece);
        out
    })
}

/// An expression says no more with a gap at its ends.
fn trimmed(expression: &str) -> Option<&str> {
    let inner = expression.strip_prefix(GAP).unwrap_or(expression);
    let inner = inner.strip_suffix(GAP).unwrap_or(inner);
    (!inner.is_empty()).then_some(inner)
}

/// An expression of letters, digits, classes of them and gaps that is found wherever `ast` is; none where flags
/// change what its letters mean.
fn loose(ast: &Ast) -> Option<String> {
    Some(match ast {
        Ast::Flags(_) => return None,
        Ast::Empty(_) | Ast::Assertion(_) => String::new(),
        Ast::Literal(literal) => of_char(literal.c),
        Ast::ClassPerl(class) if !class.negated && class.kind == ClassPerlKind::Digit => r"\d".into(),
        Ast::ClassPerl(class) if !class.negated && class.kind == ClassPerlKind::Word => r"\w".into(),
        Ast::ClassBracketed(class) if !class.negated => ranges(&class.kind).map_or_else(|| GAP.into(), |it| format!("[{it}]")),
        Ast::Dot(_) | Ast::ClassPerl(_) | Ast::ClassUnicode(_) | Ast::ClassBracketed(_) => GAP.into(),
        Ast::Repetition(it) => match (loose(&it.ast)?, times(&it.op.kind)) {
            (inner, _) if inner.is_empty() || inner == GAP => inner,
            (_, None) => GAP.into(),
            (inner, Some(times)) if is_atom(&inner) => inner + &times,
            (inner, Some(times)) => format!("(?:{inner}){times}"),
        },
        Ast::Group(group) => match &group.kind {
            GroupKind::NonCapturing(flags) if !flags.items.is_empty() => return None,
            _ => loose(&group.ast)?,
        },
        Ast::Alternation(it) => {
            let ways: Vec<String> = it.asts.iter().map(loose).collect::<Option<_>>()?;
            if ways.iter().any(|way| trimmed(way).is_none()) {
                GAP.into()
            } else {
                format!("(?:{})", ways.join("|"))
            }
        }
        Ast::Concat(it) => joined(it.asts.iter().map(loose).collect::<Option<Vec<_>>>()?.into_iter()),
    })
}

/// An expression that in a line of printable ASCII is found only where `ast` is; none where that can not be said.
fn strict(ast: &Ast) -> Option<String> {
    Some(match ast {
        Ast::Empty(_) => String::new(),
        Ast::Literal(literal) => plain(literal.c)?,
        Ast::Dot(_) => "[ -~]".into(),
        Ast::ClassPerl(class) => match (&class.kind, class.negated) {
            (ClassPerlKind::Digit, false) => "[0-9]".into(),
            (ClassPerlKind::Word, false) => "[0-9A-Za-z_]".into(),
            (ClassPerlKind::Space, false) => " ".into(),
            (ClassPerlKind::Space, true) => "[!-~]".into(),
            (ClassPerlKind::Digit | ClassPerlKind::Word, true) => return None,
        },
        Ast::ClassBracketed(class) if !class.negated => format!("[{}]", ranges(&class.kind)?),
        Ast::Assertion(it) => match it.kind {
            AssertionKind::StartLine => "^".into(),
            AssertionKind::EndLine => "$".into(),
            AssertionKind::WordBoundary => r"\b".into(),
            _ => return None,
        },
        Ast::Repetition(it) => format!("(?:{}){}", strict(&it.ast)?, times(&it.op.kind)?),
        Ast::Group(group) => match &group.kind {
            GroupKind::NonCapturing(flags) if !flags.items.is_empty() => return None,
            _ => format!("(?:{})", strict(&group.ast)?),
        },
        // Of several ways those that can be said: the others are left to the reading here.
        Ast::Alternation(it) => {
            let ways: Vec<String> = it.asts.iter().filter_map(strict).collect();
            (!ways.is_empty()).then(|| format!("(?:{})", ways.join("|")))?
        }
        Ast::Concat(it) => it.asts.iter().map(strict).collect::<Option<_>>()?,
        Ast::Flags(_) | Ast::ClassUnicode(_) | Ast::ClassBracketed(_) => return None,
    })
}

/// A character of printable ASCII that stands for itself.
fn plain(c: char) -> Option<String> {
    let sign = r"\".repeat(usize::from(r"\.+*?()|[]{}^$/".contains(c)));
    (' '..='~').contains(&c).then(|| format!("{sign}{c}"))
}

fn is_atom(expression: &str) -> bool {
    expression.len() == 1
        || [r"\d", r"\w"].contains(&expression)
        || (expression.starts_with('[') && expression.find(']') == Some(expression.len() - 1))
}

/// How often, as every engine writes it; none where some allow fewer.
fn times(kind: &RepetitionKind) -> Option<String> {
    const MANY: u32 = 200;
    Some(match kind {
        RepetitionKind::ZeroOrOne => "?".into(),
        RepetitionKind::ZeroOrMore => "*".into(),
        RepetitionKind::OneOrMore => "+".into(),
        RepetitionKind::Range(RepetitionRange::Exactly(n)) if *n <= MANY => format!("{{{n}}}"),
        RepetitionKind::Range(RepetitionRange::AtLeast(n)) if *n <= MANY => format!("{{{n},}}"),
        RepetitionKind::Range(RepetitionRange::Bounded(n, m)) if *m <= MANY => format!("{{{n},{m}}}"),
        RepetitionKind::Range(_) => return None,
    })
}

/// A class of ASCII letters and digits alone.
fn ranges(class: &ClassSet) -> Option<String> {
    let item = |item: &ClassSetItem| match item {
        ClassSetItem::Literal(it) if it.c.is_ascii_alphanumeric() => Some(it.c.to_string()),
        ClassSetItem::Range(it) => {
            let (start, end) = (it.start.c, it.end.c);
            let is_of = |is: fn(&char) -> bool| is(&start) && is(&end);
            let is_plain = is_of(char::is_ascii_digit) || is_of(char::is_ascii_lowercase) || is_of(char::is_ascii_uppercase);
            is_plain.then(|| format!("{start}-{end}"))
        }
        _ => None,
    };
    match class {
        ClassSet::Item(ClassSetItem::Union(union)) => union.items.iter().map(item).collect(),
        ClassSet::Item(one) => item(one),
        ClassSet::BinaryOp(_) => None,
    }
}

/// The text that an expression stands for, where it is one.
fn literal(ast: &Ast) -> Option<String> {
    match ast {
        Ast::Literal(it) => Some(it.c.to_string()),
        Ast::Concat(it) => it.asts.iter().map(literal).collect(),
        _ => None,
    }
}

fn has_capital(ast: &Ast) -> bool {
    match ast {
        Ast::Literal(it) => it.c.is_uppercase(),
        Ast::ClassBracketed(it) => match &it.kind {
            ClassSet::Item(ClassSetItem::Union(union)) => union.items.iter().any(is_capital),
            ClassSet::Item(one) => is_capital(one),
            ClassSet::BinaryOp(_) => false,
        },
        Ast::Repetition(it) => has_capital(&it.ast),
        Ast::Group(it) => has_capital(&it.ast),
        Ast::Alternation(it) => it.asts.iter().any(has_capital),
        Ast::Concat(it) => it.asts.iter().any(has_capital),
        Ast::Empty(_) | Ast::Flags(_) | Ast::Dot(_) | Ast::Assertion(_) | Ast::ClassUnicode(_) | Ast::ClassPerl(_) => false,
    }
}

fn is_capital(item: &ClassSetItem) -> bool {
    match item {
        ClassSetItem::Literal(it) => it.c.is_uppercase(),
        ClassSetItem::Range(it) => it.start.c.is_uppercase() || it.end.c.is_uppercase(),
        _ => false,
    }
}

/// An expression that is found only in lines that are shown with this text. None where the find may lie in a
/// colour sequence, of which the screen shows nothing.
fn exact(literal: &str) -> Option<String> {
    let in_colour = |c: char| matches!(c, '0'..='9' | ';' | ':' | '[');
    let rest = literal.trim_start_matches(in_colour);
    let is_sure = !rest.is_empty() && !rest.starts_with('m');
    literal.chars().map(plain).collect::<Option<_>>().filter(|_| is_sure)
}

/// Stages that leave out what is surely of a lower level: lines that begin with the prefix of a logger, in the
/// forms that are frequent; access lines by their status.
fn graver(least: Level) -> Vec<String> {
    let words = [
        (Level::Debug, "TRACE|DEBUG"),
        (Level::Info, "INFO"),
        (Level::Warn, "WARN|WARNING"),
        (Level::Error, "ERROR"),
    ];
    let lower: Vec<&str> = words.iter().filter(|(level, _)| *level < least).map(|(_, words)| *words).collect();
    if lower.is_empty() {
        return Vec::new();
    }
    let word = format!("({})", lower.join("|"));
    // `INFO:     …`, `19:40:57 - LiteLLM Proxy:INFO: …`, `2026-11-22 19:40:58.134 | INFO     | …`.
    let clock = r"\d\d:\d\d:\d\d";
    let begins = format!(r"^{COLOUR}({word}{COLOUR}[: ]|{clock} - [^:\n]*:{word}{COLOUR}:|\d{{4}}-\d\d-\d\d {clock}\S+ \| {word} )");
    let mut stages = vec![format!("filter @message not like /{begins}/ or @message like /HTTP/")];
    let statuses = match least {
        Level::Debug | Level::Other | Level::Info => "",
        Level::Warn => "[1-3]",
        Level::Error | Level::Critical => "[1-4]",
    };
    if !statuses.is_empty() {
        let request = format!(r#"[^"\n]*"{COLOUR}[A-Z]+ [^ "\n]+ HTTP.\d.\d{COLOUR}" {COLOUR}{statuses}\d\d"#);
        stages.push(format!("filter @message not like /{begins}{request}/"));
    }
    stages
}
