//! Which lines the Logs screen keeps: by pattern, level, source and request.

use super::LogView;
use crate::core::{
    lines::{Filter, Index, Pattern},
    logline::Level,
    names::App,
    text::SafeText,
};

/// Segments looked through at once when a filter or search is set, nearest first; the rest is left to
/// another thread.
const AT_ONCE: usize = 1;

impl LogView {
    /// Keeps the lines that match; with a `!` before it, the others. An empty pattern keeps all.
    pub fn filter_by(&mut self, text: &str) {
        self.filter.pattern = Pattern::filter(text);
        self.filter.heads_only &= self.filter.pattern.is_none();
        self.refilter();
    }

    /// Lowest level shown: all, info, warnings, errors.
    pub fn cycle_level(&mut self) {
        self.filter.min_level = match self.filter.min_level {
            None => Some(Level::Other),
            Some(Level::Debug | Level::Other | Level::Info) => Some(Level::Warn),
            Some(Level::Warn) => Some(Level::Error),
            Some(Level::Error | Level::Critical) => None,
        };
        self.refilter();
    }

    /// Both applications, Open WebUI, LiteLLM.
    pub fn cycle_source(&mut self) {
        self.filter.app = match self.filter.app {
            None => Some(App::OpenWebui),
            Some(App::OpenWebui) => Some(App::Litellm),
            Some(App::Litellm) => None,
        };
        self.filter.stream = None;
        self.refilter();
    }

    /// Only one application; both when `None`.
    pub fn only_app(&mut self, app: Option<App>) {
        self.filter.app = app;
        self.refilter();
    }

    /// Only one log stream; all when `None`.
    pub fn only_stream(&mut self, stream: Option<SafeText>) {
        self.filter.stream = stream;
        self.refilter();
    }

    /// Only warnings and worse, or what was before.
    pub fn attention_only(&mut self) {
        self.filter.min_level = if self.filter.min_level == Some(Level::Warn) {
            None
        } else {
            Some(Level::Warn)
        };
        self.refilter();
    }

    /// Shows what the filter does not keep as well, or hides it. Who followed sees the lines round the last one kept: at
    /// the end of the log there may be none.
    pub fn toggle_hidden(&mut self) {
        let is_new = self.is_following() && self.kept.is_some() && !self.shows_hidden;
        let chosen = self.cursor().filter(|_| is_new);
        if let Some(cursor) = chosen {
            self.detach();
            self.shows_hidden = true;
            self.set_place(self.retreat((cursor, 0), self.size.height / 2), cursor);
        } else {
            self.shows_hidden = !self.shows_hidden;
        }
        self.settle();
    }

    /// Keeps all lines again.
    pub fn clear_filter(&mut self) {
        self.filter = Filter::default();
        self.trail.clear();
        self.refilter();
    }

    pub(super) fn refilter(&mut self) {
        self.kept = None;
        if !self.filter.is_all() {
            self.kept = Some(self.look_through(self.filter.clone()));
        }
        self.settle();
    }

    /// A new index: what is nearest is looked through now, the rest waits to be taken.
    pub(super) fn look_through(&mut self, filter: Filter) -> Index {
        self.generation += 1;
        let mut index = Index::new(filter, self.generation);
        if let Some(mut scan) = index.scan(&self.lines, self.cursor()) {
            let rest = scan.segments.split_off(AT_ONCE.min(scan.segments.len()));
            let mut found = Vec::new();
            scan.run(|| false, |one| found.push(one));
            for one in found {
                index.found(&self.lines, one);
            }
            scan.segments = rest;
            if !scan.segments.is_empty() {
                self.scans.push(scan);
            }
        }
        index
    }
}
