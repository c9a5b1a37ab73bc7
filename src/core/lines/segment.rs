//! One run of log lines in time order: their text in one buffer, and 48 bytes beside it for each.
//! A segment that has been sealed never changes; it is shared with scans on other threads.

use std::fmt;

use strum::EnumCount;

use super::EventId;
use crate::core::{
    fact::Millis,
    logline::Level,
    names::{App, app_of_stream},
    text::SafeText,
};

/// A segment is sealed when its text reaches this size.
const FULL_TEXT: usize = 512 << 10;
/// A segment is sealed when it has this many lines.
const FULL_LINES: usize = 4096;
/// A store has room for about so many full segments at least: what makes room is a small part of it.
const AT_LEAST: usize = 32;
/// About what a line takes, with its text.
const A_LINE: usize = 160;
/// What part of a segment is set aside beyond the size of the one before.
const SPARE: usize = 32;
/// `Meta::ingested` of a line whose difference does not fit; the value is in `far`.
const FAR: i32 = i32::MIN;
/// A segment is sealed when its lines are of so many streams: each is looked for among the others.
const FULL_STREAMS: usize = 256;
/// About what is kept of a segment that has errors beside the mark of each: its places in the lists of the shapes.
const MARKED: usize = 160;
/// First word of an id that is not a number; the last word is its place in `odd_ids`.
const ODD: u64 = u64::MAX;

/// When a segment is sealed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Full {
    pub(super) lines: usize,
    /// Bytes.
    pub(super) text: usize,
}

impl Full {
    /// Of a store that holds at most so many bytes.
    pub(super) fn of(limit: usize) -> Self {
        let share = limit / AT_LEAST;
        Self {
            lines: (share / A_LINE).clamp(16, FULL_LINES),
            text: share.clamp(1024, FULL_TEXT),
        }
    }
}

/// What is known of a line beside its text.
#[derive(Debug, Clone, Copy)]
struct Meta {
    at: Millis,
    /// Ingestion, from `at` on.
    ingested: i32,
    /// Number of the line, from the segment's first on.
    seq: u32,
    /// Where its text begins.
    start: u32,
    /// Place in the segment's streams.
    stream: u16,
    level: Level,
    flags: Flags,
}

/// Facts of a line in one byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Flags(u8);

impl Flags {
    pub(super) const LATE: u8 = 1;
    pub(super) const CONTINUATION: u8 = 2;
    /// What the screen shows of it is its text, byte for byte.
    pub(super) const PLAIN: u8 = 4;
    /// Nothing goes on with it.
    pub(super) const WHOLE: u8 = 8;
    /// It says what the error is that its entry is about, or did so until another line does.
    pub(super) const TELLS: u8 = 16;
    /// Somebody had it fetched: it is no news.
    pub(super) const FETCHED: u8 = 32;

    pub(super) fn set(mut self, flag: u8, is: bool) -> Self {
        self.0 |= if is { flag } else { 0 };
        self
    }

    pub(super) fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }
}

/// A line on its way into a segment.
#[derive(Debug, Clone)]
pub(super) struct Parts<'a> {
    pub(super) seq: u64,
    pub(super) at: Millis,
    pub(super) ingested: Millis,
    pub(super) id: Option<EventId>,
    pub(super) stream: &'a SafeText,
    pub(super) level: Level,
    pub(super) flags: Flags,
    pub(super) text: &'a str,
}

impl Parts<'_> {
    /// Lines stand in this order; equal ones as they came.
    pub(super) fn key(&self) -> (Millis, Millis, &Option<EventId>) {
        (self.at, self.ingested, &self.id)
    }
}

/// A run of log lines in time order.
#[derive(Clone)]
pub struct Segment {
    id: u64,
    first_seq: u64,
    text: String,
    metas: Vec<Meta>,
    ids: Vec<[u64; 3]>,
    odd_ids: Vec<SafeText>,
    /// Ingestion times that are weeks away from their line, by number of the line.
    far: Vec<(u64, Millis)>,
    streams: Vec<SafeText>,
    /// Of each the lines held, and the time of the newest.
    by_stream: Vec<(u32, Millis)>,
    /// Bytes of their names.
    stream_text: usize,
    levels: [u32; Level::COUNT],
    /// Entries (not lines that go on with one) of level error and above.
    errors: u32,
    /// Lines that say what an error is, or did so for a while.
    telling: u32,
    is_plain: bool,
    /// The number after the largest of a line that is news, from the segment's first on; 0 where there is none.
    news_until: u32,
    /// Lines that are news.
    news: u32,
}

impl Segment {
    /// An empty segment; `first_seq` is not above the number of any line that it will hold.
    pub(super) fn new(id: u64, first_seq: u64) -> Self {
        Self {
            id,
            first_seq,
            text: String::new(),
            metas: Vec::new(),
            ids: Vec::new(),
            odd_ids: Vec::new(),
            far: Vec::new(),
            streams: Vec::new(),
            by_stream: Vec::new(),
            stream_text: 0,
            levels: [0; Level::COUNT],
            errors: 0,
            telling: 0,
            is_plain: true,
            news_until: 0,
            news: 0,
        }
    }

    /// An empty one to go on with after this one, which is full: it will probably hold as much, and growing step by
    /// step would copy each line twice.
    pub(super) fn next(&self, id: u64, first_seq: u64) -> Self {
        let lines = self.len() + self.len() / SPARE;
        Self {
            text: String::with_capacity(self.text.len() + self.text.len() / SPARE),
            metas: Vec::with_capacity(lines),
            ids: Vec::with_capacity(lines),
            ..Self::new(id, first_seq)
        }
    }

    /// Names this very run of lines: lines may be added at its end under the same name, but any other
    /// change gives a segment with another.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Lines held.
    pub fn len(&self) -> usize {
        self.metas.len()
    }

    /// Whether it has no lines.
    pub fn is_empty(&self) -> bool {
        self.metas.is_empty()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.text.capacity()
            + self.metas.capacity() * size_of::<Meta>()
            + self.ids.capacity() * size_of::<[u64; 3]>()
            + self.streams.capacity() * size_of::<SafeText>()
            + self.by_stream.capacity() * size_of::<(u32, Millis)>()
            + self.stream_text
            // What shape each error has is known elsewhere, for as long as the segment is held.
            + if self.telling == 0 { 0 } else { MARKED + self.telling as usize * size_of::<u16>() }
            + self.odd_ids.iter().map(|id| id.len() + 2 * size_of::<SafeText>()).sum::<usize>()
            + self.far.capacity() * size_of::<(u64, Millis)>()
    }

    /// The line at `index`.
    pub fn line(&self, index: usize) -> Option<Line<'_>> {
        (index < self.len()).then_some(Line { segment: self, index })
    }

    /// All lines in time order.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = Line<'_>> + ExactSizeIterator {
        (0..self.len()).map(|index| Line { segment: self, index })
    }

    /// The last line.
    pub fn last(&self) -> Option<Line<'_>> {
        self.line(self.len().checked_sub(1)?)
    }

    /// The log streams that its lines come from.
    pub fn streams(&self) -> &[SafeText] {
        &self.streams
    }

    /// Of each log stream the lines held, and the time of the newest.
    pub(super) fn by_stream(&self) -> impl Iterator<Item = (&SafeText, u32, Millis)> {
        self.streams
            .iter()
            .zip(&self.by_stream)
            .map(|(stream, (lines, newest))| (stream, *lines, *newest))
    }

    /// Entries of level error and above.
    pub fn errors(&self) -> u32 {
        self.errors
    }

    /// Lines that say what an error is, or did so for a while.
    pub(super) fn telling(&self) -> u32 {
        self.telling
    }

    /// The gravest level among its lines.
    pub fn worst(&self) -> Level {
        let worst = self.levels.iter().rposition(|count| *count > 0).unwrap_or(0);
        Level::from_repr(worst as u8).unwrap_or_default()
    }

    /// No line of it is news of number `seq` or a later one.
    pub(super) fn is_known(&self, seq: u64) -> bool {
        self.first_seq + u64::from(self.news_until) <= seq
    }

    /// No line of it has a number below `seq`.
    pub(super) fn is_since(&self, seq: u64) -> bool {
        seq <= self.first_seq
    }

    /// Lines that came by themselves.
    pub(super) fn news(&self) -> usize {
        self.news as usize
    }

    pub(super) fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// The texts of all lines, each with a newline after it.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Byte of the text at which a line begins.
    pub(super) fn start(&self, row: usize) -> Option<usize> {
        self.metas.get(row).map(|meta| meta.start as usize)
    }

    /// The line, not before `row`, that holds byte `at` of the text. It is mostly near.
    pub(super) fn line_at_byte(&self, at: usize, row: usize) -> usize {
        let starts_after = |meta: &Meta| meta.start as usize > at;
        let ahead = self.metas.get(row..).unwrap_or_default();
        let near = ahead.iter().take(8).position(starts_after);
        let after = near.unwrap_or_else(|| ahead.partition_point(|meta| !starts_after(meta)));
        (row + after).saturating_sub(1)
    }

    pub(super) fn is_full(&self, full: Full) -> bool {
        self.text.len() >= full.text || self.len() >= full.lines || self.streams.len() >= FULL_STREAMS
    }

    /// Adds a line that is not before the last one.
    pub(super) fn push(&mut self, line: &Parts<'_>) {
        let stream = self.stream_place(line.stream);
        // Lines come in order of time.
        if let Some((lines, newest)) = self.by_stream.get_mut(usize::from(stream)) {
            (*lines, *newest) = (*lines + 1, line.at);
        }
        let ingested = i32::try_from(line.ingested - line.at).ok().filter(|delta| *delta != FAR);
        if ingested.is_none() {
            self.far.push((line.seq, line.ingested));
        }
        let id = self.packed(line.id.as_ref());
        self.ids.push(id);
        self.metas.push(Meta {
            at: line.at,
            ingested: ingested.unwrap_or(FAR),
            seq: (line.seq - self.first_seq) as u32,
            start: self.text.len() as u32,
            stream,
            level: line.level,
            flags: line.flags,
        });
        self.text.push_str(line.text);
        self.text.push('\n');
        self.levels[line.level as usize] += 1;
        self.errors += u32::from(line.level >= Level::Error && !line.flags.has(Flags::CONTINUATION));
        self.telling += u32::from(line.flags.has(Flags::TELLS));
        self.is_plain &= line.flags.has(Flags::PLAIN);
        if !line.flags.has(Flags::FETCHED) {
            self.news += 1;
            self.news_until = self.news_until.max((line.seq - self.first_seq) as u32 + 1);
        }
    }

    /// Gives back what was set aside for growth, where it is worth a copy.
    pub(super) fn seal(&mut self) {
        let is_much = |len: usize, capacity: usize| capacity > len + len / SPARE + len / SPARE;
        if is_much(self.text.len(), self.text.capacity()) {
            self.text.shrink_to_fit();
        }
        if is_much(self.metas.len(), self.metas.capacity()) {
            self.metas.shrink_to_fit();
            self.ids.shrink_to_fit();
        }
        self.streams.shrink_to_fit();
        self.by_stream.shrink_to_fit();
    }

    fn stream_place(&mut self, stream: &SafeText) -> u16 {
        let place = self.streams.iter().rposition(|known| known == stream).unwrap_or_else(|| {
            self.streams.push(stream.clone());
            self.by_stream.push((0, Millis::MIN));
            self.stream_text += stream.len();
            self.streams.len() - 1
        });
        place as u16
    }

    fn packed(&mut self, id: Option<&EventId>) -> [u64; 3] {
        match id {
            None => [0; 3],
            Some(EventId::Number(groups)) => *groups,
            Some(EventId::Text(text)) => {
                self.odd_ids.push(text.clone());
                [ODD, 0, self.odd_ids.len() as u64 - 1]
            }
        }
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Segment({}, {} lines)", self.id, self.len())
    }
}

/// One line of a segment.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    segment: &'a Segment,
    index: usize,
}

impl<'a> Line<'a> {
    fn meta(&self) -> &'a Meta {
        &self.segment.metas[self.index]
    }

    /// Number of the line: given when it came, never given again.
    pub fn seq(&self) -> u64 {
        self.segment.first_seq + u64::from(self.meta().seq)
    }

    /// Time of the event.
    pub fn at(&self) -> Millis {
        self.meta().at
    }

    /// When CloudWatch took it in.
    pub fn ingested(&self) -> Millis {
        let meta = self.meta();
        if meta.ingested != FAR {
            return meta.at + Millis::from(meta.ingested);
        }
        let far = self.segment.far.iter().find(|(seq, _)| *seq == self.seq());
        far.map_or(meta.at, |(_, ingested)| *ingested)
    }

    /// Id of the event; Live Tail gives none.
    pub fn id(&self) -> Option<EventId> {
        match self.segment.ids[self.index] {
            [0, 0, 0] => None,
            [ODD, _, place] => self.segment.odd_ids.get(place as usize).cloned().map(EventId::Text),
            groups => Some(EventId::Number(groups)),
        }
    }

    /// Log stream.
    pub fn stream(&self) -> &'a SafeText {
        &self.segment.streams[usize::from(self.meta().stream)]
    }

    /// Place of its stream in [`Segment::streams`].
    pub(super) fn stream_place(&self) -> usize {
        usize::from(self.meta().stream)
    }

    /// The application that wrote it.
    pub fn app(&self) -> Option<App> {
        app_of_stream(self.stream())
    }

    /// Its level; a line that goes on with an entry has that entry's.
    pub fn level(&self) -> Level {
        self.meta().level
    }

    /// It came after a line with a later timestamp.
    pub fn is_late(&self) -> bool {
        self.meta().flags.has(Flags::LATE)
    }

    /// It came by itself, and not before number `seq` was given.
    pub(super) fn is_news(&self, seq: u64) -> bool {
        self.seq() >= seq && !self.meta().flags.has(Flags::FETCHED)
    }

    /// It goes on with the entry before it in its stream.
    pub fn is_continuation(&self) -> bool {
        self.meta().flags.has(Flags::CONTINUATION)
    }

    /// Nothing goes on with it.
    pub(super) fn is_whole(&self) -> bool {
        self.meta().flags.has(Flags::WHOLE)
    }

    /// It says what the error is that its entry is about; or did so, as a heading does until another line says more:
    /// [`Errors`](super::Errors) knows.
    pub fn tells(&self) -> bool {
        self.meta().flags.has(Flags::TELLS)
    }

    /// What the screen shows of it is its text, byte for byte.
    pub(super) fn is_plain(&self) -> bool {
        self.meta().flags.has(Flags::PLAIN)
    }

    /// The message as it came, for search and byte-exact export; a screen shows
    /// [`display`](crate::core::logline::display) of it.
    pub fn raw(&self) -> &'a str {
        let next = self.segment.metas.get(self.index + 1);
        let end = next.map_or(self.segment.text.len(), |meta| meta.start as usize);
        // The newline between two lines is of neither.
        &self.segment.text[self.meta().start as usize..end - 1]
    }

    pub(super) fn parts(&self) -> Parts<'a> {
        Parts {
            seq: self.seq(),
            at: self.at(),
            ingested: self.ingested(),
            id: self.id(),
            stream: self.stream(),
            level: self.level(),
            flags: self.meta().flags,
            text: self.raw(),
        }
    }
}
