//! The lines of one request: those that name one of its ids. Each program has its own, and where a line names two of
//! them they are of the same request.

use std::collections::BTreeSet;

use super::{Lines, Pattern, Spot};
use crate::core::{
    fact::Millis,
    logline::{is_uuid, request_ids},
};

/// Most ids of a request.
const MOST_IDS: usize = 8;
/// An entry that names more ids than this is a list of requests.
const MOST_NAMED: usize = 4;
/// How far from the line that is looked at ids are looked for, in milliseconds.
const NEAR: Millis = 15 * 60_000;
/// The same in segments: no more than that can be searched while somebody waits.
const NEAR_SEGMENTS: usize = 12;
/// Most lines that are read for the ids in them; and most of those that come later.
const MOST_READ: usize = 500;

/// The ids of one request.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    ids: Vec<String>,
    pattern: Pattern,
    /// Time of the line that was looked at.
    at: Millis,
    /// So many entries that come may still be read for the ids in them.
    left: usize,
}

impl Request {
    fn of(mut ids: Vec<String>, at: Millis, left: usize) -> Option<Self> {
        ids.truncate(MOST_IDS);
        // An id is letters, digits, `-` and `_`. A UUID may be written in capitals.
        let word = |id: &String| if is_uuid(id) { format!("(?i:{id})") } else { id.clone() };
        let words: Vec<String> = ids.iter().map(word).collect();
        let pattern = Pattern::exact(&format!(r"(?-u:\b)(?:{})(?-u:\b)", words.join("|")))?;
        let request = Self { ids, pattern, at, left };
        (!request.ids.is_empty()).then_some(request)
    }

    /// Its ids; the first is one of the line that was looked at.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// What is found in lines that name it.
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    fn is_near(&self, at: Millis) -> bool {
        (at - self.at).abs() <= NEAR
    }

    fn lacks(&self, id: &String) -> bool {
        !self.ids.contains(id)
    }

    /// Takes further ids; `false` when there is no room for any.
    fn take(&mut self, new: Vec<String>) -> bool {
        let ids = [self.ids.clone(), new].concat();
        match Self::of(ids, self.at, self.left) {
            Some(request) if request.ids.len() > self.ids.len() => *self = request,
            _ => return false,
        }
        true
    }
}

impl Lines {
    /// The request that the entry of a line names, with the ids that lines near it name beside one of it.
    pub fn request(&self, spot: Spot) -> Option<Request> {
        let mut request = Request::of(self.ids(spot), self.line(spot)?.at(), MOST_READ)?;
        self.join(&mut request, spot.segment);
        Some(request)
    }

    /// Adds the ids that lines near a place name beside one of a request.
    fn join(&self, request: &mut Request, place: usize) {
        let mut read = BTreeSet::new();
        loop {
            let mut new: Vec<String> = Vec::new();
            for there in self.naming(request, place) {
                if read.len() < MOST_READ && read.insert(there) {
                    new.extend(self.beside(request, there));
                }
            }
            if !request.take(unique(new)) {
                return;
            }
        }
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
            if request.left == 0 || request.ids.len() == MOST_IDS {
                break;
            }
            if !request_ids(line.raw()).iter().any(|(_, id)| request.lacks(id)) {
                continue;
            }
            request.left -= 1;
            let new = self.beside(request, *spot);
            if request.take(unique(new)) {
                self.join(request, spot.segment);
                has_grown = true;
            }
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

    /// Lines near a place and the time of a request that name it.
    fn naming(&self, request: &Request, place: usize) -> Vec<Spot> {
        let near = place.saturating_sub(NEAR_SEGMENTS)..self.segments.len().min(place + NEAR_SEGMENTS + 1);
        let mut found = Vec::new();
        for place in near {
            let Some(segment) = self.segments.get(place) else { break };
            let spans = segment.line(0).zip(segment.last());
            if spans.is_none_or(|(first, last)| last.at() < request.at - NEAR || first.at() > request.at + NEAR) {
                continue;
            }
            let rows = request.pattern.rows(segment, 0).into_iter();
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
