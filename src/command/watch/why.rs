//! Why what is followed does not end, or has not ended well.

use super::Watch;
use crate::core::{
    cause::{self, Reader},
    fact::{Millis, Stack},
    names::Names,
    progress::Progress,
    text::SafeText,
};

impl Watch {
    pub(super) fn late(&self, names: &Names, progress: &Progress, now: Millis) -> Vec<&SafeText> {
        cause::late(&self.services, names, (progress, &self.durations), now)
    }

    /// Tasks keep the operation from its end: a service does not get well.
    pub(super) fn is_held_up(&self, stack: &Stack, progress: &Progress, now: Millis) -> bool {
        let known = cause::Known {
            targets: &self.targets,
            late: self.late(&Names::of(stack), progress, now),
            ..self.known(stack)
        };
        known.cause().is_some_and(|it| it.service.is_some())
    }

    /// What tells of a cause, whatever the load balancer says.
    fn known<'a>(&'a self, stack: &'a Stack) -> cause::Known<'a> {
        cause::Known {
            stack,
            events: &self.events,
            services: &self.services,
            falls: self.stopped.iter().map(|(task, _)| task).collect(),
            last_lines: self.stopped.iter().map(|(task, lines)| (&task.arn, lines.as_slice())).collect(),
            targets: &[],
            late: Vec::new(),
            reader: Reader::Script,
        }
    }

    /// The cause card in lines; where nothing is known of a cause, what CloudFormation says of the stack.
    pub(in crate::command) fn cause(&self) -> Vec<String> {
        let Some(stack) = &self.stack else { return Vec::new() };
        let Some(cause) = self.known(stack).cause() else {
            if Progress::read(stack, &self.events).cancelled.is_some() {
                return vec!["The update was cancelled: what ran before it runs again.".to_owned()];
            }
            let is_told = stack.status.is_failure() && !stack.reason.is_empty();
            return is_told.then(|| format!("Cause: {}", stack.reason)).into_iter().collect();
        };
        let mut out = vec![format!("{}: {}", cause.matter, cause.title)];
        out.extend(cause.evidence.iter().map(|(label, text)| format!("  {label}: {text}")));
        let is_news = |plain: &&str| cause.evidence.iter().all(|(_, text)| *text != **plain);
        let meaning = cause.clause().filter(is_news);
        out.extend(meaning.map(|plain| format!("It means: {plain}.")));
        out.push(cause.advice.to_string());
        out
    }
}
