//! Keys whose bytes came right behind those of Esc. Crossterm reads two escapes in a row as one Esc and leaves the rest
//! of what the second one began, `[F` for End, as if it had been typed: over a slow line text that nobody typed stood
//! in a field. What is at hand behind an Esc is put together again, into Esc and the key: a character alone is one with
//! Alt. Nobody types it so fast, and what comes later is left as it is.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use futures::{Stream, StreamExt, stream::Fuse};

/// Events of a terminal, sequences behind an Esc made whole.
pub struct Joined<S> {
    events: Fuse<S>,
    /// What was looked at behind an Esc.
    ahead: VecDeque<io::Result<Event>>,
}

impl<S: Stream<Item = io::Result<Event>> + Unpin> Joined<S> {
    /// Events of a terminal as crossterm tells them.
    pub fn new(events: S) -> Self {
        Self {
            events: events.fuse(),
            ahead: VecDeque::new(),
        }
    }

    /// Looks at what is at hand behind an Esc, no further than to the end of one sequence.
    fn look_ahead(&mut self, cx: &mut Context<'_>) {
        let mut text = String::new();
        while let Poll::Ready(Some(event)) = self.events.poll_next_unpin(cx) {
            text.extend(typed(&event));
            let is_typed = typed(&event).is_some();
            self.ahead.push_back(event);
            match is_typed.then(|| read(&text)) {
                Some(Read::More) => {}
                Some(Read::Whole(event)) => {
                    self.ahead.clear();
                    self.ahead.extend(event.map(Ok));
                    return;
                }
                Some(Read::Text) | None => break,
            }
        }
        // It came with an escape of its own, which crossterm took for one with the Esc: Alt was held.
        if let Some(Ok(Event::Key(key))) = self.ahead.front_mut()
            && matches!(key.code, KeyCode::Char(_))
        {
            key.modifiers |= KeyModifiers::ALT;
        }
    }
}

impl<S: Stream<Item = io::Result<Event>> + Unpin> Stream for Joined<S> {
    type Item = io::Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let event = match self.ahead.pop_front() {
            None => ready!(self.events.poll_next_unpin(cx)),
            event => event,
        };
        let is_esc = matches!(&event, Some(Ok(Event::Key(key))) if *key == KeyCode::Esc.into());
        if is_esc && self.ahead.is_empty() {
            self.look_ahead(cx);
        }
        Poll::Ready(event)
    }
}

/// The character of a key that has one and nothing held with it but Shift.
fn typed(event: &io::Result<Event>) -> Option<char> {
    match event {
        Ok(Event::Key(KeyEvent {
            code: KeyCode::Char(c),
            modifiers,
            ..
        })) if KeyModifiers::SHIFT.contains(*modifiers) => Some(*c),
        _ => None,
    }
}

/// What the characters behind an Esc are.
enum Read {
    /// The beginning of a sequence.
    More,
    /// A whole one, and what it tells; nothing where nobody here wants to know.
    Whole(Option<Event>),
    /// None.
    Text,
}

fn read(text: &str) -> Read {
    let whole = |code| Read::Whole(Some(Event::Key(code)));
    if let Some(rest) = text.strip_prefix('O') {
        return match rest.chars().next() {
            None => Read::More,
            Some(end) => cursor(end).map_or(of_nobody(end), |code| whole(code.into())),
        };
    }
    let Some(rest) = text.strip_prefix('[') else { return Read::Text };
    let begins = |c: char| c.is_ascii_digit() || c == ';';
    // What the mouse did in the same moment matters to nobody.
    if let Some(mouse) = rest.strip_prefix('<') {
        return ended(mouse.trim_start_matches(begins), |end| {
            matches!(end, 'M' | 'm').then_some(Read::Whole(None))
        });
    }
    let end = rest.trim_start_matches(begins);
    let mut numbers = rest[..rest.len() - end.len()].split(';').map(|it| it.parse::<u8>().ok());
    let (first, held) = (
        numbers.next().flatten(),
        numbers.next().flatten().map_or(KeyModifiers::NONE, modifiers),
    );
    ended(end, |end| match end {
        'I' if first.is_none() => Some(Read::Whole(Some(Event::FocusGained))),
        'O' if first.is_none() => Some(Read::Whole(Some(Event::FocusLost))),
        'Z' => Some(whole(KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT))),
        '~' => numbered(first?).map(|code| whole(KeyEvent::new(code, held))),
        end => cursor(end).map(|code| whole(KeyEvent::new(code, held))),
    })
}

/// A sequence that ends so is whole, and none that anybody here knows.
fn of_nobody(end: char) -> Read {
    if matches!(end, '@'..='~') { Read::Whole(None) } else { Read::Text }
}

/// What a sequence is by its last character, where that has come.
fn ended(end: &str, is: impl FnOnce(char) -> Option<Read>) -> Read {
    match end.chars().next() {
        None => Read::More,
        Some(end) => is(end).unwrap_or(of_nobody(end)),
    }
}

/// Keys that a letter names.
fn cursor(end: char) -> Option<KeyCode> {
    Some(match end {
        'A' => KeyCode::Up,
        'B' => KeyCode::Down,
        'C' => KeyCode::Right,
        'D' => KeyCode::Left,
        'H' => KeyCode::Home,
        'F' => KeyCode::End,
        'P'..='S' => KeyCode::F(end as u8 - b'P' + 1),
        _ => return None,
    })
}

/// Keys that a number names.
fn numbered(number: u8) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F(number - 10),
        17..=21 => KeyCode::F(number - 11),
        23 | 24 => KeyCode::F(number - 12),
        _ => return None,
    })
}

/// What is held, of which a terminal tells one more than the sum.
fn modifiers(number: u8) -> KeyModifiers {
    let sum = number.saturating_sub(1);
    [(1, KeyModifiers::SHIFT), (2, KeyModifiers::ALT), (4, KeyModifiers::CONTROL)]
        .into_iter()
        .filter(|(bit, _)| sum & bit != 0)
        .map(|(_, held)| held)
        .collect()
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, stream};

    use super::*;

    /// What crossterm makes of two escapes and this text behind them.
    fn behind_esc(text: &str) -> Vec<Event> {
        let typed = text.chars().map(KeyCode::Char);
        [KeyCode::Esc]
            .into_iter()
            .chain(typed)
            .map(|code| Event::Key(code.into()))
            .collect()
    }

    fn joined(events: Vec<Event>) -> Vec<Event> {
        let events = Joined::new(stream::iter(events.into_iter().map(Ok)));
        let all = events.map(Result::unwrap).collect().now_or_never();
        all.expect("it waits for nothing")
    }

    fn key(code: KeyCode, held: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(code, held))
    }

    #[test]
    fn a_key_in_one_burst_with_esc_is_that_key() {
        let none = KeyModifiers::NONE;
        for (text, want) in [
            ("[F", Some(key(KeyCode::End, none))),
            ("OA", Some(key(KeyCode::Up, none))),
            ("OP", Some(key(KeyCode::F(1), none))),
            ("[D", Some(key(KeyCode::Left, none))),
            ("[1~", Some(key(KeyCode::Home, none))),
            ("[24~", Some(key(KeyCode::F(12), none))),
            ("[1;3A", Some(key(KeyCode::Up, KeyModifiers::ALT))),
            ("[3;6~", Some(key(KeyCode::Delete, KeyModifiers::SHIFT | KeyModifiers::CONTROL))),
            ("[Z", Some(key(KeyCode::BackTab, KeyModifiers::SHIFT))),
            ("[O", Some(Event::FocusLost)),
            ("[<64;10;3M", None),
        ] {
            let mut events = behind_esc(text);
            events.push(key(KeyCode::Char('x'), none));
            let esc = key(KeyCode::Esc, none);
            let want: Vec<Event> = [esc].into_iter().chain(want).chain([key(KeyCode::Char('x'), none)]).collect();
            assert_eq!(joined(events), want, "{text}");
        }
    }

    #[test]
    fn each_burst_of_several_is_joined() {
        let twice = [behind_esc("[A"), behind_esc(""), behind_esc("OB")].concat();
        let codes = [KeyCode::Esc, KeyCode::Up, KeyCode::Esc, KeyCode::Esc, KeyCode::Down];
        assert_eq!(joined(twice), codes.map(|code| key(code, KeyModifiers::NONE)));
    }

    #[test]
    fn what_nobody_knows_becomes_no_text() {
        let esc = key(KeyCode::Esc, KeyModifiers::NONE);
        for text in ["", "[[", "[j", "Ok", "[12;x", "[999~", "[<1x"] {
            assert_eq!(joined(behind_esc(text)), std::slice::from_ref(&esc), "{text}");
        }
        for c in ['x', 'o', 'q', '1', '[', 'O', 'é'] {
            let alt = key(KeyCode::Char(c), KeyModifiers::ALT);
            assert_eq!(joined(behind_esc(&c.to_string())), [esc.clone(), alt], "{c}");
        }
        let alt = key(KeyCode::Char('['), KeyModifiers::ALT);
        let events = vec![behind_esc("")[0].clone(), alt, key(KeyCode::Char('F'), KeyModifiers::SHIFT)];
        assert_eq!(joined(events.clone()), events);
        let typed = behind_esc("[F")[1..].to_vec();
        assert_eq!(joined(typed.clone()), typed);
    }

    #[test]
    fn what_comes_later_is_not_waited_for() {
        let mut rest = behind_esc("[F").into_iter();
        let mut is_late = true;
        // Esc and `[` are there; the letter comes with the next look.
        let events = stream::poll_fn(move |_| match rest.len() {
            1 if std::mem::take(&mut is_late) => Poll::Pending,
            _ => Poll::Ready(rest.next().map(Ok)),
        });
        let mut events = Joined::new(events);
        let mut next = || match events.poll_next_unpin(&mut Context::from_waker(std::task::Waker::noop())) {
            Poll::Ready(event) => event.and_then(Result::ok),
            Poll::Pending => panic!("it waits"),
        };
        let want = behind_esc("[F");
        let alt = key(KeyCode::Char('['), KeyModifiers::ALT);
        assert_eq!(
            [next(), next(), next()],
            [&want[0], &alt, &want[2]].map(|event| Some(event.clone()))
        );
    }
}
