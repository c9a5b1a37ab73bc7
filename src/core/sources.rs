//! `u`: whose lines the log shows. Both services, one of them, or one log stream, which is one task.

use super::{
    fact::{Millis, Task},
    field::TextField,
    lines::{Lines, StreamCount, StreamName},
    names::{App, Names, app_of_stream},
    text::SafeText,
};

/// Most streams that are listed.
const MOST: usize = 500;
/// How long ECS lists a task that has stopped, in milliseconds.
const LISTED: Millis = 60 * 60 * 1000;
/// Characters of a task's id that people tell it by.
const SHORT: usize = 8;

/// Whose lines are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Everybody's.
    All,
    /// One application's.
    App(App),
    /// Those of one log stream.
    Stream(StreamName),
}

impl Source {
    /// In a few words; none for all.
    pub fn title(&self) -> Option<String> {
        match self {
            Self::All => None,
            Self::App(app) => Some(app.title().to_owned()),
            Self::Stream(name) => Some(stream_title(name.text())),
        }
    }
}

/// `LiteLLM task 0af31c9e`; of a stream that is no task's its name.
fn stream_title(stream: &str) -> String {
    match app_of_stream(stream) {
        Some(app) => format!("{} task {}", app.title(), short(stream)),
        None => format!("stream {stream}"),
    }
}

/// The beginning of the task's id, which is the last part of the stream's name.
fn short(stream: &str) -> String {
    task_of(stream).chars().take(SHORT).collect()
}

fn task_of(stream: &str) -> &str {
    stream.rsplit('/').next().unwrap_or_default()
}

/// The picker.
#[derive(Debug, Clone, PartialEq)]
pub struct Picker {
    /// Under the cursor.
    pub chosen: Source,
    /// What narrows the list.
    pub field: TextField,
    /// Keys go into the field.
    pub is_typing: bool,
}

/// What is known of the task that writes a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// No task: how many streams the row stands for.
    Streams(usize),
    /// As ECS calls it, in lower case; when it stopped.
    Task(SafeText, Option<Millis>),
    /// ECS lists it no more: it stopped an hour ago or more.
    Gone,
    /// ECS does not list it, though it wrote within that hour.
    Unlisted,
    /// ECS has not answered.
    Unknown,
}

/// A row of the picker.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What is shown when it is chosen.
    pub source: Source,
    /// Who writes.
    pub name: SafeText,
    /// Of a stream the beginning of the task's id.
    pub task: SafeText,
    /// What is known of the task.
    pub state: State,
    /// Lines held.
    pub lines: usize,
    /// Time of the last of them.
    pub newest: Option<Millis>,
}

/// The rows: all, each application, then each stream that has lines or whose task is there. Of an application the tasks
/// that run come first, the newest on top; none of it moves because lines come in. `listed` are the tasks that ECS has, and
/// when it said so.
pub fn rows(lines: &Lines, listed: Option<(&[Task], Millis)>, names: &Names, narrow: &str) -> Vec<Row> {
    let tasks = listed.map(|(tasks, _)| tasks);
    let mut streams = lines.streams();
    for task in tasks.unwrap_or_default().iter().filter(|task| !task.is_stopped()) {
        let stream = names.app(&task.service).map(|app| stream_of(app, task.id()));
        if let Some(stream) = stream.filter(|name| streams.iter().all(|it| it.stream != *name)) {
            let (lines, newest) = (0, Millis::MIN);
            streams.push(StreamCount { stream, lines, newest });
        }
    }
    let task = |stream: &SafeText| tasks.unwrap_or_default().iter().find(|task| task.id() == task_of(stream));
    streams.sort_by_cached_key(|it| {
        let (app, task) = (app_of_stream(&it.stream), task(&it.stream));
        let began = task.and_then(|task| task.created);
        let is_over = task.is_none_or(Task::is_stopped);
        // An application that is none of ours comes last.
        (app.is_none(), app, is_over, std::cmp::Reverse(began), it.stream.clone())
    });
    let mut all = vec![sum(Source::All, "both services", &streams)];
    for app in [App::OpenWebui, App::Litellm] {
        let own = streams.iter().filter(|it| app_of_stream(&it.stream) == Some(app));
        all.push(sum(Source::App(app), app.title(), own));
    }
    all.extend(streams.iter().take(MOST).map(|it| {
        let app = app_of_stream(&it.stream);
        Row {
            name: app.map_or_else(|| it.stream.clone(), |app| app.title().into()),
            task: app.map_or_else(String::new, |_| short(&it.stream)).into(),
            state: match (listed, task(&it.stream)) {
                (_, Some(task)) => State::Task(task.status.to_lowercase().into(), task.stopped),
                (Some((_, at)), None) if app.is_some() && at - LISTED < it.newest => State::Unlisted,
                (Some(_), None) if app.is_some() => State::Gone,
                _ => State::Unknown,
            },
            lines: it.lines,
            newest: (it.lines > 0).then_some(it.newest),
            source: Source::Stream(StreamName::Is(it.stream.clone())),
        }
    }));
    all.retain(|row| row.has(narrow));
    all
}

/// The template's streams are PREFIX/CONTAINER/TASK, and both names are the application's.
pub fn stream_of(app: App, task: &str) -> SafeText {
    format!("{app}/{app}/{task}").into()
}

fn sum<'a>(source: Source, name: &str, streams: impl IntoIterator<Item = &'a StreamCount>) -> Row {
    let (mut count, mut lines, mut newest) = (0, 0, None);
    for stream in streams {
        (count, lines) = (count + 1, lines + stream.lines);
        newest = newest.max((stream.lines > 0).then_some(stream.newest));
    }
    Row {
        source,
        name: name.into(),
        task: "".into(),
        state: State::Streams(count),
        lines,
        newest,
    }
}

impl Row {
    /// All words of what was typed are in its name, its stream's or its state, as they are shown. Ages are left out:
    /// what they narrow would change by itself.
    fn has(&self, typed: &str) -> bool {
        let stream = match &self.source {
            Source::Stream(name) => name.text(),
            Source::All | Source::App(_) => "",
        };
        let text = format!("{} {stream} {}", self.name, self.state).to_lowercase();
        typed.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Streams(1) => f.write_str("1 task"),
            Self::Streams(count) => write!(f, "{count} tasks"),
            Self::Task(status, _) => write!(f, "{status}"),
            Self::Gone => f.write_str("stopped long ago"),
            Self::Unlisted => f.write_str("not listed"),
            Self::Unknown => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{fact::LogEvent, tail::Arrived, text::RawText};

    fn task(service: &str, id: &str, status: &str, created: Millis) -> Task {
        Task {
            arn: format!("arn:aws:ecs:us-east-1:123456789012:task/c/{id}").into(),
            created: Some(created),
            stopped: (status == "STOPPED").then_some(created + 50),
            ..Task::known_as(service, status)
        }
    }

    fn lines(all: &[(Millis, &str)]) -> Lines {
        let mut lines = Lines::new(usize::MAX);
        lines.append(all.iter().zip(0..).map(|((at, stream), id)| Arrived {
            event: LogEvent {
                id: Some(format!("37{id:054}").into()),
                at: *at,
                ingested: *at,
                stream: (*stream).into(),
                message: RawText::new("x"),
            },
            late: false,
        }));
        lines
    }

    fn told(rows: &[Row]) -> Vec<String> {
        let newest = |row: &Row| row.newest.map_or_else(|| "-".to_owned(), |at| at.to_string());
        rows.iter()
            .map(|row| format!("{}|{}|{}|{}|{}", row.name, row.task, row.state, row.lines, newest(row)))
            .collect()
    }

    #[test]
    fn each_service_and_each_task_with_its_state_its_lines_and_the_last_of_them() {
        let lines = lines(&[
            (10, "litellm/litellm/aaaaaaaaaa"),
            (20, "openwebui/openwebui/bbbbbbbbbb"),
            (30, "litellm/litellm/aaaaaaaaaa"),
            (40, "litellm/litellm/cccccccccc"),
            (50, "sidecar\u{202e}/x"),
            (60, "litellm/litellm/eeeeeeeeee"),
        ]);
        let tasks = [
            task("chat-litellm", "aaaaaaaaaa", "STOPPED", 1),
            task("chat-litellm", "cccccccccc", "RUNNING", 2),
            task("chat-litellm", "ffffffffff", "PENDING", 3),
            task("chat-openwebui", "dddddddddd", "STOPPED", 4),
            task("chat-openwebui", "bbbbbbbbbb", "RUNNING", 5),
        ];
        let rows = |answered: Option<Millis>, narrow: &str| {
            let listed = answered.map(|at| (tasks.as_slice(), at));
            told(&rows(&lines, listed, &Names::new("chat"), narrow))
        };
        let later = Some(60 + LISTED);
        assert_eq!(
            rows(later, ""),
            [
                "both services||6 tasks|6|60",
                "Open WebUI||1 task|1|20",
                "LiteLLM||4 tasks|4|60",
                "Open WebUI|bbbbbbbb|running|1|20",
                "LiteLLM|ffffffff|pending|0|-",
                "LiteLLM|cccccccc|running|1|40",
                "LiteLLM|aaaaaaaa|stopped|2|30",
                "LiteLLM|eeeeeeee|stopped long ago|1|60",
                "sidecar<U+202E>/x|||1|50",
            ],
            "a task that runs and writes nothing is there, one that stopped and wrote nothing is not"
        );
        assert_eq!(rows(later, "aaaa STOP"), ["LiteLLM|aaaaaaaa|stopped|2|30"]);
        assert_eq!(
            rows(later, "stopped long"),
            ["LiteLLM|eeeeeeee|stopped long ago|1|60"],
            "as it is shown"
        );
        assert_eq!(rows(later, "gone"), [""; 0]);
        assert_eq!(rows(None, "?"), [""; 0]);
        assert_eq!(rows(later, "bbbbbbbbbb"), ["Open WebUI|bbbbbbbb|running|1|20"]);
        assert!(rows(None, "").contains(&"LiteLLM|aaaaaaaa||2|30".to_owned()));
        assert_eq!(rows(None, "nobody"), [""; 0]);
        assert_eq!(rows(Some(59 + LISTED), "eeee"), ["LiteLLM|eeeeeeee|not listed|1|60"]);
    }
}
