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
/// Most lines that are read for the ids in them.
const MOST_READ: usize = 500;

/// The ids of one request.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    ids: Vec<String>,
    pattern: Pattern,
}

impl Request {
    fn of(ids: Vec<String>) -> Option<Self> {
        // An id is letters, digits, `-` and `_`. A UUID may be written in capitals.
        let word = |id: &String| if is_uuid(id) { format!("(?i:{id})") } else { id.clone() };
        let words: Vec<String> = ids.iter().map(word).collect();
        let pattern = Pattern::exact(&format!(r"(?-u:\b)(?:{})(?-u:\b)", words.join("|")))?;
        (!ids.is_empty()).then_some(Self { ids, pattern })
    }

    /// Its ids; the first is one of the line that was looked at.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// What is found in lines that name it.
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }
}

impl Lines {
    /// The request that the entry of a line names, with the ids that lines near it name beside one of it.
    pub fn request(&self, spot: Spot) -> Option<Request> {
        let at = self.line(spot)?.at();
        let mut ids = self.ids(spot);
        ids.truncate(MOST_IDS);
        let mut request = Request::of(ids)?;
        let mut read = BTreeSet::new();
        loop {
            let mut ids = request.ids.clone();
            for there in self.naming(&request, spot.segment, at) {
                if read.len() >= MOST_READ || !read.insert(there) {
                    continue;
                }
                let named = self.ids(there);
                let is_list = named.len() > MOST_NAMED;
                let new: Vec<String> = named.into_iter().filter(|id| !is_list && !ids.contains(id)).collect();
                ids.extend(new);
            }
            ids.truncate(MOST_IDS);
            if ids.len() == request.ids.len() {
                return Some(request);
            }
            request = Request::of(ids)?;
        }
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

    /// Lines near a place and a time that name a request.
    fn naming(&self, request: &Request, place: usize, at: Millis) -> Vec<Spot> {
        let near = place.saturating_sub(NEAR_SEGMENTS)..self.segments.len().min(place + NEAR_SEGMENTS + 1);
        let mut found = Vec::new();
        for place in near {
            let Some(segment) = self.segments.get(place) else { break };
            let spans = segment.line(0).zip(segment.last());
            if spans.is_none_or(|(first, last)| last.at() < at - NEAR || first.at() > at + NEAR) {
                continue;
            }
            let rows = request.pattern.rows(segment, 0).into_iter();
            let spots = rows.map(|row| Spot {
                segment: place,
                line: row as usize,
            });
            let is_near = |spot: &Spot| self.line(*spot).is_some_and(|line| (line.at() - at).abs() <= NEAR);
            found.extend(spots.filter(is_near));
        }
        found
    }
}
