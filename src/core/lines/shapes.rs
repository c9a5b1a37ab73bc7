//! Errors by shape: what an error says without the numbers, ids and names that differ from one time to the next. To
//! find the shapes is work for another thread, segment by segment; until it is done an error is counted without one.
//! The counts are of the lines held.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use super::{Anchor, Column, Histogram, Line, Lines, Segment, shape};
use crate::core::{fact::Millis, logline, text::SafeText};

/// Most shapes told apart; errors of further ones are counted together.
const MAX_SHAPES: usize = 1_000;
/// Most segments looked through at a time: what waits beyond them is held by the store alone, and may make room.
const AT_ONCE: usize = 2;
/// Mark of an error whose shape is not known yet.
const WAITING: u16 = u16::MAX;
/// Mark of an error whose shape found no room.
const OTHER: u16 = u16::MAX - 1;
/// Mark of a heading that counts no more: a line after it has said what the error is.
const PAID: u16 = u16::MAX - 2;

/// In the place of a shape where the work failed.
const UNREAD: &str = "errors that could not be read: this is a bug of the console";

/// The errors of one shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorShape {
    /// What they have in common.
    pub text: SafeText,
    /// How many are held.
    pub count: u32,
    /// The newest of them.
    pub newest: Anchor,
    /// How many shapes were found before it.
    pub order: u64,
}

/// A piece of work for another thread: the errors of a segment whose shapes are not known yet.
#[derive(Debug, Clone)]
pub struct Mining {
    view: u64,
    segment: Arc<Segment>,
    /// Errors of the segment before the first one to look at.
    from: usize,
}

impl PartialEq for Mining {
    fn eq(&self, other: &Self) -> bool {
        let key = |it: &Self| (it.view, it.segment.id(), it.segment.len(), it.from);
        key(self) == key(other)
    }
}

/// The shapes that were found in a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mined {
    /// Number of the view whose lines they are.
    pub view: u64,
    /// Id of the segment.
    pub segment: u64,
    shapes: Vec<Shaped>,
}

/// Errors of one shape in one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shaped {
    text: SafeText,
    newest: Anchor,
    /// Which of the segment's errors they are.
    errors: Vec<u32>,
}

impl Mining {
    /// Does the work.
    pub fn run(&self) -> Mined {
        let mut places: HashMap<SafeText, usize> = HashMap::new();
        let mut shapes: Vec<Shaped> = Vec::new();
        for (error, line) in telling(&self.segment).enumerate().skip(self.from) {
            let (text, newest) = (shape(line.raw()), Anchor::of(line));
            let place = *places.entry(text.clone()).or_insert(shapes.len());
            if place == shapes.len() {
                let errors = Vec::new();
                shapes.push(Shaped { text, newest, errors });
            }
            shapes[place].newest = shapes[place].newest.max(newest);
            shapes[place].errors.push(error as u32);
        }
        Mined {
            view: self.view,
            segment: self.segment.id(),
            shapes,
        }
    }

    /// What is told where the work failed: all are of one shape, since to look at them again would fail again.
    pub fn given_up(&self) -> Mined {
        let newest = telling(&self.segment).skip(self.from).map(Anchor::of).max();
        let shaped = |newest| Shaped {
            text: UNREAD.into(),
            newest,
            errors: (self.from as u32..self.segment.telling()).collect(),
        };
        Mined {
            view: self.view,
            segment: self.segment.id(),
            shapes: newest.map(shaped).into_iter().collect(),
        }
    }
}

/// The lines of a segment that say what an error is, or did so for a while.
fn telling(segment: &Segment) -> impl Iterator<Item = Line<'_>> {
    segment.lines().filter(Line::tells)
}

/// All errors held, by shape and time.
#[derive(Debug, Clone, Default)]
pub struct Errors {
    /// For each error of a segment its place in `shapes`, or another mark.
    marks: HashMap<u64, Vec<u16>>,
    shapes: Vec<Option<ErrorShape>>,
    places: HashMap<SafeText, u16>,
    /// Bytes of the texts of the shapes.
    text: usize,
    /// Shapes found so far.
    found: u64,
    others: u32,
    waiting: u32,
    /// Segments with errors that wait.
    open: BTreeSet<u64>,
    /// Segments that are being looked through.
    asked: Vec<u64>,
    times: Histogram,
}

impl Errors {
    /// The most frequent shapes first; equals in the order in which they were found, so that no row moves in a storm for
    /// nothing.
    pub fn shapes(&self) -> Vec<ErrorShape> {
        let mut all: Vec<ErrorShape> = self.shapes.iter().flatten().cloned().collect();
        all.sort_by_key(|shape| (Reverse(shape.count), shape.order));
        all
    }

    /// All errors held.
    pub fn len(&self) -> u32 {
        let known: u32 = self.shapes.iter().flatten().map(|shape| shape.count).sum();
        known + self.others + self.waiting
    }

    /// Bytes held, without the marks, which their segments count.
    pub(super) fn bytes(&self) -> usize {
        let lists = self.shapes.capacity() * size_of::<Option<ErrorShape>>() + self.places.capacity() * size_of::<(SafeText, u16)>();
        self.text + lists + self.times.bytes()
    }

    /// Whether no error is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Errors that have a shape of their own for which there was no room.
    pub fn others(&self) -> u32 {
        self.others
    }

    /// Errors whose shape is not known yet.
    pub fn waiting(&self) -> u32 {
        self.waiting
    }

    /// Errors between two times, to a second.
    pub fn between(&self, from: Millis, until: Millis) -> u32 {
        let mut column = [Column::new(from, until)];
        self.times.pour(&mut column);
        column.iter().flat_map(|c| c.counts).sum()
    }

    /// Time of the newest error between two times, to a second.
    pub fn newest(&self, from: Millis, until: Millis) -> Option<Millis> {
        self.times.newest(from, until)
    }

    /// Rows of a segment whose errors have this shape, as far as is known.
    pub(super) fn rows(&self, segment: &Segment, text: &SafeText) -> HashSet<u32> {
        let (Some(place), Some(marks)) = (self.places.get(text), self.marks.get(&segment.id())) else {
            return HashSet::new();
        };
        let rows = segment.lines().enumerate().filter(|(_, line)| line.tells());
        rows.zip(marks)
            .filter(|(_, mark)| *mark == place)
            .map(|((row, _), _)| row as u32)
            .collect()
    }

    pub(super) fn add(&mut self, at: Millis, level: logline::Level) {
        self.times.add(at, level);
    }

    /// A segment has grown.
    pub(super) fn grown(&mut self, segment: &Segment) {
        let (id, errors) = (segment.id(), segment.telling() as usize);
        if errors == 0 {
            return;
        }
        let marks = self.marks.entry(id).or_default();
        let new = errors.saturating_sub(marks.len());
        if new > 0 {
            // As many as there are, which is what the segment counts for them.
            marks.reserve_exact(new);
            marks.resize(errors, WAITING);
            self.waiting += new as u32;
            self.open.insert(id);
        }
    }

    /// The lines of a segment go into others: what is known of them, by their numbers.
    pub(super) fn moved(&mut self, segment: &Segment) -> HashMap<u64, u16> {
        let marks = self.marks.remove(&segment.id()).unwrap_or_default();
        self.open.remove(&segment.id());
        self.waiting -= marks.iter().filter(|mark| **mark == WAITING).count() as u32;
        let known = telling(segment).zip(marks).filter(|(_, mark)| *mark != WAITING);
        known.map(|(line, mark)| (line.seq(), mark)).collect()
    }

    /// A segment has been made of lines of which something is known.
    pub(super) fn made(&mut self, segment: &Segment, known: &HashMap<u64, u16>) {
        if segment.telling() == 0 {
            return;
        }
        let marks: Vec<u16> = telling(segment)
            .map(|line| known.get(&line.seq()).copied().unwrap_or(WAITING))
            .collect();
        let waiting = marks.iter().filter(|mark| **mark == WAITING).count();
        self.waiting += waiting as u32;
        if waiting > 0 {
            self.open.insert(segment.id());
        }
        self.marks.insert(segment.id(), marks);
    }

    /// A segment has made room.
    pub(super) fn dropped(&mut self, segment: &Segment) {
        self.open.remove(&segment.id());
        let marks = self.marks.remove(&segment.id()).unwrap_or_default();
        for (line, mark) in telling(segment).zip(marks) {
            self.uncount(line, mark);
        }
    }

    /// Lines of a segment do not count any more, by their numbers, which are taken out: others have said what the error
    /// is. Whether there were any.
    pub(super) fn paid(&mut self, segment: &Segment, headings: &mut HashSet<u64>) -> bool {
        let Some(mut marks) = self.marks.remove(&segment.id()) else {
            return false;
        };
        let before = headings.len();
        for (line, mark) in telling(segment).zip(&mut marks) {
            if headings.remove(&line.seq()) {
                self.uncount(line, *mark);
                *mark = PAID;
            }
        }
        if !marks.contains(&WAITING) {
            self.open.remove(&segment.id());
        }
        self.marks.insert(segment.id(), marks);
        headings.len() < before
    }

    /// A heading of a segment counts no more.
    pub(super) fn is_paid(&self, segment: &Segment, heading: u64) -> bool {
        let marks = self.marks.get(&segment.id()).into_iter().flatten();
        telling(segment)
            .zip(marks)
            .any(|(line, mark)| *mark == PAID && line.seq() == heading)
    }

    fn uncount(&mut self, line: Line<'_>, mark: u16) {
        match mark {
            PAID => return,
            WAITING => self.waiting -= 1,
            OTHER => self.others -= 1,
            place => self.take_one(place),
        }
        self.times.remove(line.at(), line.level());
    }

    fn take_one(&mut self, place: u16) {
        let Some(slot) = self.shapes.get_mut(usize::from(place)) else {
            return;
        };
        match slot {
            Some(shape) if shape.count > 1 => shape.count -= 1,
            Some(shape) => {
                self.places.remove(&shape.text);
                self.text -= shape.text.len();
                *slot = None;
            }
            None => {}
        }
    }

    /// Takes the shapes of a segment; `false` where it is no more.
    fn take(&mut self, mined: &Mined) -> bool {
        self.asked.retain(|id| *id != mined.segment);
        let Some(mut marks) = self.marks.remove(&mined.segment) else {
            return false;
        };
        for shaped in &mined.shapes {
            let mut new = 0;
            let place = self.place(shaped);
            for error in &shaped.errors {
                if let Some(mark) = marks.get_mut(*error as usize).filter(|mark| **mark == WAITING) {
                    *mark = place.unwrap_or(OTHER);
                    new += 1;
                }
            }
            self.waiting -= new;
            match place {
                Some(place) => self.count(place, shaped, new),
                None => self.others += new,
            }
        }
        if !marks.contains(&WAITING) {
            self.open.remove(&mined.segment);
        }
        self.marks.insert(mined.segment, marks);
        true
    }

    /// The place of a shape, a free one for a new shape; `None` where there is no room.
    fn place(&self, shaped: &Shaped) -> Option<u16> {
        if let Some(place) = self.places.get(&shaped.text) {
            return Some(*place);
        }
        let free = self.shapes.iter().position(Option::is_none).unwrap_or(self.shapes.len());
        (free < MAX_SHAPES).then_some(free as u16)
    }

    fn count(&mut self, place: u16, shaped: &Shaped, new: u32) {
        if new == 0 {
            return;
        }
        if self.shapes.len() == usize::from(place) {
            self.shapes.push(None);
        }
        let slot = &mut self.shapes[usize::from(place)];
        if slot.is_none() {
            self.places.insert(shaped.text.clone(), place);
            self.text += shaped.text.len();
            self.found += 1;
        }
        let shape = slot.get_or_insert_with(|| ErrorShape {
            text: shaped.text.clone(),
            count: 0,
            newest: shaped.newest,
            order: self.found,
        });
        shape.count += new;
        shape.newest = shape.newest.max(shaped.newest);
    }
}

impl Lines {
    /// The shapes of the errors since a time, with how many of each there are since then: the most frequent first, of
    /// equals the newest.
    pub fn shapes_since(&self, since: Millis) -> Vec<ErrorShape> {
        // Each frame asks for it, and a storm has very many marks: so a row, and no map.
        let mut counts = vec![0_u32; self.errors.shapes.len()];
        let is_near = |segment: &&Arc<Segment>| segment.last().is_some_and(|last| since <= last.at());
        for segment in self.segments.iter().rev().take_while(is_near) {
            let marks = self.errors.marks.get(&segment.id()).map(Vec::as_slice).unwrap_or_default();
            let is_whole = segment.line(0).is_some_and(|first| since <= first.at());
            let old = if is_whole {
                0
            } else {
                telling(segment).take_while(|line| line.at() < since).count()
            };
            for mark in marks.iter().skip(old) {
                if let Some(count) = counts.get_mut(usize::from(*mark)) {
                    *count += 1;
                }
            }
        }
        let met = counts.into_iter().zip(&self.errors.shapes).filter(|(count, _)| *count > 0);
        let mut all: Vec<ErrorShape> = met
            .filter_map(|(count, shape)| Some(ErrorShape { count, ..shape.clone()? }))
            .collect();
        all.sort_by_key(|shape| Reverse((shape.count, shape.newest)));
        all
    }

    /// Work for another thread, the newest first; call after each change. What it finds comes back through
    /// [`mined`](Self::mined). `view` is the number of the view that these lines are of.
    pub fn minings(&mut self, view: u64) -> Vec<Mining> {
        let room = AT_ONCE.saturating_sub(self.errors.asked.len());
        let next = self.errors.open.iter().rev().filter(|id| !self.errors.asked.contains(id));
        let next: Vec<u64> = next.take(room).copied().collect();
        let segments = next.iter().filter_map(|id| self.segments.iter().rev().find(|it| it.id() == *id));
        let minings: Vec<Mining> = segments
            .map(|segment| Mining {
                view,
                segment: segment.clone(),
                from: self.errors.marks[&segment.id()].iter().take_while(|mark| **mark != WAITING).count(),
            })
            .collect();
        self.errors.asked.extend(next);
        minings
    }

    /// Takes the shapes of a segment; `false` where it is no more.
    pub fn mined(&mut self, mined: &Mined) -> bool {
        self.errors.take(mined)
    }

    /// Finds all shapes here and now: for scripts and tests.
    pub fn mine_all(&mut self) {
        loop {
            let minings = self.minings(0);
            if minings.is_empty() {
                return;
            }
            for mining in minings {
                self.mined(&mining.run());
            }
        }
    }
}
