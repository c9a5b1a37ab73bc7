//! What a rollback that went on without some resources leaves to be done.

use super::{Cause, Matter, gist, join::Known};
use crate::core::{
    progress::{Progress, Row},
    text::SafeText,
};

/// What is to be done about it.
const MEND: &str = "Compare with the stack's template, and bring it in line by hand before the next update.";

impl Known<'_> {
    /// The card of a rollback that is done, but for what it was told to leave out: what failed before is over.
    pub(super) fn left_out(&self) -> Option<Cause> {
        if !self.stack.status.0.starts_with("UPDATE_ROLLBACK_COMPLETE") {
            return None;
        }
        let progress = Progress::read(self.stack, self.events);
        let rows: Vec<&Row> = progress.rows.iter().filter(|r| r.is_left_out).collect();
        let names: Vec<&str> = rows.iter().map(|r| r.logical_id.as_str()).collect();
        let plain = match names.as_slice() {
            [] => return None,
            [one] => format!("{one} is as it was when its rollback failed; CloudFormation takes it for rolled back"),
            many => format!(
                "{} are as they were when their rollback failed; CloudFormation takes them for rolled back",
                many.join(", ")
            ),
        };
        let reasons = rows.iter().filter(|r| !r.reason.is_empty());
        let evidence = reasons.map(|r| ("failed", SafeText::new(&format!("{}: {}", r.logical_id, gist(&r.reason)))));
        Some(Cause {
            matter: Matter::LeftOut,
            title: format!("The rollback is done, but for {}", names.join(", ")).into(),
            service: None,
            evidence: evidence.collect(),
            plain: plain.into(),
            advice: MEND.into(),
        })
    }
}
