//! The lines of one request: those that name one of its ids. Each program has its own, and where a line names two of
//! them they are of the same request.

use std::collections::BTreeSet;

use super::{Lines, Pattern, Spot};
use crate::core::{
    fact::Millis,
    logline::{is_uuid, request_ids},
};

/// Most ids of a request: a pattern of so many is compiled and looked for in no time that is noticed.
const MOST_IDS: usize = 256;
/// An id that is named only beside one that is named only beside … is looked for so many times over at most.
const MOST_STEPS: usize = 8;
/// An entry that names more ids than this is a list of requests.
const MOST_NAMED: usize = 4;
/// How far from the line that is looked at ids are looked for, in milliseconds.
const NEAR: Millis = 15 * 60_000;
/// The same in segments: no more than that can be searched while somebody waits.
const NEAR_SEGMENTS: usize = 12;
/// Most lines that are read for the ids in them; and most of those that come later.
const MOST_READ: usize = 1_000;

/// The ids of one request.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    ids: Vec<String>,
    pattern: Pattern,
    /// Time of the line that was looked at.
    at: Millis,
    /// So many entries that come may still be read for the ids in them.
    left: usize,
    is_part: bool,
}

impl Request {
    fn of(mut ids: Vec<String>, at: Millis) -> Option<Self> {
        let is_part = ids.len() > MOST_IDS;
        ids.truncate(MOST_IDS);
        Some(Self {
            pattern: naming(&ids)?,
            ids,
            at,
            left: MOST_READ,
            is_part,
        })
    }

    /// Its ids; the first is one of the line that was looked at.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// What is found in lines that name it.
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// It is so large that not all of its ids were looked for: lines of it may be missing.
    pub fn is_part(&self) -> bool {
        self.is_part
    }

    fn is_near(&self, at: Millis) -> bool {
        (at - self.at).abs() <= NEAR
    }

    fn lacks(&self, id: &String) -> bool {
        !self.ids.contains(id)
    }

    /// Takes further ids, as far as there is room. Gives what is found in lines that name one of them; `None` where there
    /// is none. [`settle`](Self::settle) comes after the last.
    fn take(&mut self, mut new: Vec<String>) -> Option<Pattern> {
        let room = MOST_IDS - self.ids.len();
        self.is_part |= new.len() > room;
        new.truncate(room);
        let found = naming(&new)?;
        self.ids.extend(new);
        Some(found)
    }

    /// All ids are there: they are compiled once, since that takes its time.
    fn settle(&mut self) {
        if let Some(pattern) = naming(&self.ids) {
            self.pattern = pattern;
        }
    }
}

/// What is found in lines that name one of these ids; `None` where there is none.
fn naming(ids: &[String]) -> Option<Pattern> {
    // An id is letters, digits, `-` and `_`. A UUID may be written in capitals.
    let word = |id: &String| if is_uuid(id) { format!("(?i:{id})") } else { id.clone() };
    let words: Vec<String> = ids.iter().map(word).collect();
    let pattern = || Pattern::exact(&format!(r"(?-u:\b)(?:{})(?-u:\b)", words.join("|")));
    (!ids.is_empty()).then(pattern).flatten()
}

impl Lines {
    /// The request that the entry of a line names, with the ids that lines near it name beside one of it.
    pub fn request(&self, spot: Spot) -> Option<Request> {
        let mut request = Request::of(self.ids(spot), self.line(spot)?.at())?;
        let pattern = request.pattern.clone();
        self.join(&mut request, pattern, spot.segment);
        request.settle();
        Some(request)
    }

    /// Adds the ids that lines near a place name beside one of those that a pattern finds, and so on.
    fn join(&self, request: &mut Request, mut pattern: Pattern, place: usize) {
        let mut read = BTreeSet::new();
        for _ in 0..MOST_STEPS {
            let mut new: Vec<String> = Vec::new();
            for there in self.naming(request, &pattern, place) {
                if read.contains(&there) {
                    continue;
                }
                if read.len() == MOST_READ {
                    request.is_part = true;
                    break;
                }
                read.insert(there);
                new.extend(self.beside(request, there));
            }
            match request.take(unique(new)) {
                Some(found) => pattern = found,
                None => return,
            }
        }
        request.is_part = true;
    }

    /// Adds what lines that have just come, of entries of the request, name beside one of its ids, and what others name
    /// beside that. Only what a line names that is not known yet makes its entry be read, and not without end. Whether
    /// there was any.
    pub(in crate::core) fn join_news(&self, request: &mut Request, news: &[Spot]) -> bool {
        let mut has_grown = false;
        for spot in news {
            let Some(line) = self.line(*spot).filter(|line| request.is_near(line.at())) else {
                continue;
            };
            let is_full = request.left == 0 || request.ids.len() == MOST_IDS;
            if is_full && request.is_part {
                break;
            }
            if !request_ids(line.raw()).iter().any(|(_, id)| request.lacks(id)) {
                continue;
            }
            if is_full {
                request.is_part = true;
                break;
            }
            request.left -= 1;
            let new = self.beside(request, *spot);
            if let Some(pattern) = request.take(unique(new)) {
                self.join(request, pattern, spot.segment);
                has_grown = true;
            }
        }
        if has_grown {
            request.settle();
        }
        has_grown
    }

    /// The ids that the entry of a line names and the request has not; of a list of requests none.
    fn beside(&self, request: &Request, spot: Spot) -> Vec<String> {
        let mut named = self.ids(spot);
        let is_list = named.len() > MOST_NAMED;
        named.retain(|id| !is_list && request.lacks(id));
        named
    }

    /// The ids that the entry of a line names; those of calls first.
    fn ids(&self, spot: Spot) -> Vec<String> {
        let entry = self.entry(spot).into_iter().filter_map(|spot| self.line(spot));
        let mut all: Vec<(bool, String)> = Vec::new();
        for id in entry.flat_map(|line| request_ids(line.raw())) {
            if !all.contains(&id) {
                all.push(id);
            }
        }
        all.sort_by_key(|(is_second, _)| *is_second);
        all.into_iter().map(|(_, id)| id).collect()
    }

    /// Lines near a place and the time of a request in which a pattern is found.
    fn naming(&self, request: &Request, pattern: &Pattern, place: usize) -> Vec<Spot> {
        let near = place.saturating_sub(NEAR_SEGMENTS)..self.segments.len().min(place + NEAR_SEGMENTS + 1);
        let mut found = Vec::new();
        for place in near {
            let Some(segment) = self.segments.get(place) else { break };
            let spans = segment.line(0).zip(segment.last());
            if spans.is_none_or(|(first, last)| last.at() < request.at - NEAR || first.at() > request.at + NEAR) {
                continue;
            }
            let rows = pattern.rows(segment, 0).into_iter();
            let spots = rows.map(|row| Spot {
                segment: place,
                line: row as usize,
            });
            let is_near = |spot: &Spot| self.line(*spot).is_some_and(|line| request.is_near(line.at()));
            found.extend(spots.filter(is_near));
        }
        found
    }
}

/// Each once, in the order in which they come first.
fn unique(mut ids: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    ids
}
