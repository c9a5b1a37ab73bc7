//! Which lines the Logs screen keeps: by pattern, level, source and request.

use super::LogView;
use crate::core::{
    lines::{Filter, Index, Pattern},
    logline::Level,
    sources::Source,
};

/// What became of the lines that the filter does not keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Toggled {
    /// They are shown; whether the window followed, and does no more.
    Shown {
        /// It does no more.
        detached: bool,
    },
    /// They are hidden again.
    Hidden,
    /// There are none.
    NothingHidden,
}

/// What is asked for one by one, and taken back one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Pattern,
    Level,
    Source,
    Search,
}

/// Something that is asked for, with the filter before it was.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    part: Part,
    before: Filter,
}

impl LogView {
    /// This part of what is asked for is about to change: it is the newest now.
    pub(super) fn ask(&mut self, part: Part) {
        let known = self.layers.iter().position(|layer| layer.part == part);
        let layer = match known {
            Some(place) => self.layers.remove(place),
            None => Layer {
                part,
                before: self.filter.clone(),
            },
        };
        self.layers.push(layer);
    }

    /// Takes back the newest of what was asked for since the last visit, else that visit; `false` when there was none.
    pub fn peel(&mut self) -> bool {
        while let Some(Layer { part, before }) = self.layers.pop() {
            if part == Part::Search {
                if self.search.is_some() {
                    self.search = None;
                    self.wishes.clear();
                    return true;
                }
                continue;
            }
            let now = self.filter.clone();
            match part {
                Part::Pattern => self.filter.pattern = before.pattern,
                Part::Level => self.filter.min_level = before.min_level,
                Part::Source | Part::Search => (self.filter.app, self.filter.stream) = (before.app, before.stream),
            }
            if self.filter != now {
                self.refilter();
                return true;
            }
        }
        self.go_back()
    }

    /// Keeps the lines that match; with a `!` before it, the others. An empty pattern keeps all.
    pub fn filter_by(&mut self, text: &str) {
        self.ask(Part::Pattern);
        self.filter.pattern = Pattern::filter(text);
        self.filter.heads_only &= self.filter.pattern.is_none();
        self.refilter();
    }

    /// Lowest level shown: all but debugging, where there are such lines, warnings, errors, and all again. Whether that
    /// hides a line that was shown, as far as is known.
    pub fn cycle_level(&mut self) -> bool {
        let counts = self.kept.as_ref().map_or_else(|| self.lines.histogram().counts(), Index::counts);
        let hides = |least: Level| counts.iter().take(least as usize).any(|count| *count > 0);
        let next = match self.filter.min_level {
            None if hides(Level::Other) => Some(Level::Other),
            None | Some(Level::Debug | Level::Other | Level::Info) => Some(Level::Warn),
            Some(Level::Warn) => Some(Level::Error),
            Some(Level::Error | Level::Critical) => None,
        };
        self.ask(Part::Level);
        self.filter.min_level = next;
        self.refilter();
        next.is_some_and(hides)
    }

    /// Whose lines are shown.
    pub fn source(&self) -> Source {
        match (&self.filter.stream, self.filter.app) {
            (Some(stream), _) => Source::Stream(stream.clone()),
            (None, Some(app)) => Source::App(app),
            (None, None) => Source::All,
        }
    }

    /// Shows lines of this source; what else is asked for stays.
    pub fn only(&mut self, source: Source) {
        self.ask(Part::Source);
        (self.filter.app, self.filter.stream) = match source {
            Source::All => (None, None),
            Source::App(app) => (Some(app), None),
            Source::Stream(stream) => (None, Some(stream)),
        };
        self.refilter();
    }

    /// Only warnings and worse, or what was before.
    pub fn attention_only(&mut self) {
        self.ask(Part::Level);
        self.filter.min_level = if self.filter.min_level == Some(Level::Warn) {
            None
        } else {
            Some(Level::Warn)
        };
        self.refilter();
    }

    /// Shows what the filter does not keep as well, or hides it. Who followed sees the lines round the last one kept: at
    /// the end of the log there may be none. Where the filter keeps all lines nothing changes.
    pub fn toggle_hidden(&mut self) -> Toggled {
        if self.kept.is_none() {
            return Toggled::NothingHidden;
        }
        let is_new = self.is_following() && !self.shows_hidden;
        let chosen = self.cursor().filter(|_| is_new);
        if let Some(cursor) = chosen {
            self.detach();
            self.shows_hidden = true;
            self.set_place(self.retreat((cursor, 0), self.size.height / 2), cursor);
        } else {
            self.shows_hidden = !self.shows_hidden;
        }
        self.settle();
        if self.shows_hidden {
            Toggled::Shown {
                detached: chosen.is_some(),
            }
        } else {
            Toggled::Hidden
        }
    }

    /// Keeps all lines again.
    pub fn clear_filter(&mut self) {
        self.filter = Filter::default();
        self.trail.clear();
        self.layers.clear();
        self.refilter();
    }

    pub(super) fn refilter(&mut self) {
        self.kept = None;
        self.wishes.clear();
        self.shows_hidden &= !self.filter.is_all();
        if !self.filter.is_all() {
            self.kept = Some(self.look_through(self.filter.clone()));
        }
        self.settle();
    }

    /// A new index: the segment under the cursor is looked through now, the rest waits to be taken, the nearest first.
    pub(super) fn look_through(&mut self, filter: Filter) -> Index {
        self.generation += 1;
        let mut index = Index::new(filter, self.generation);
        let cursor = self.cursor();
        index.look_at(&self.lines, cursor.map(|spot| spot.segment));
        self.scans.extend(index.scan(&self.lines, cursor));
        index
    }
}
