//! What may be written. The one place where an [`Approved`] is made: from a confirmed dialog, or for
//! a plan, which changes nothing that runs. The runtime asks [`Guard::permits`] again at its door.

use super::{fault::Fault, fault::FaultKind, msg::Now, text::SafeText};
use crate::cloud::Change;

/// How long arming a production profile lasts, in milliseconds.
pub const ARMED_FOR: u64 = 5 * 60 * 1000;

/// Operations that the console may send when writes are allowed at all.
pub const ALLOWED: [&str; 23] = [
    "cloudformation:CreateChangeSet",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DeleteStack",
    "cloudformation:CancelUpdateStack",
    "cloudformation:RollbackStack",
    "cloudformation:ContinueUpdateRollback",
    "cloudformation:UpdateTerminationProtection",
    "ecs:UpdateService",
    "ecs:StopTask",
    "ecs:TagResource",
    "ecs:UntagResource",
    "backup:DeleteRecoveryPoint",
    "rds:DeleteDBSnapshot",
    "logs:DeleteLogGroup",
    "secretsmanager:DeleteSecret",
    "cloudformation:DeleteResource",
    "acm:RequestCertificate",
    "route53:ChangeResourceRecordSets",
    "bedrock:CreateProvisionedModelThroughput",
    "bedrock:DeleteProvisionedModelThroughput",
    "bedrock:InvokeModel",
    "image",
];

/// Changes that the operator approved, for one session.
#[derive(Debug, Clone, PartialEq)]
pub struct Approved {
    changes: Vec<Change>,
    generation: u32,
    at_rest: Option<SafeText>,
}

impl Approved {
    /// The changes, in order.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Session they were approved for.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Id of the stack on which CloudFormation must not be at work when each of them is sent.
    pub fn at_rest(&self) -> Option<&SafeText> {
        self.at_rest.as_ref()
    }

    /// The same, as long as CloudFormation is not at work on a stack.
    #[must_use]
    pub fn while_rests(self, stack: Option<SafeText>) -> Self {
        Self { at_rest: stack, ..self }
    }
}

/// A yes that was said: made only by accepting a dialog that was seen.
#[derive(Debug)]
pub struct Consent(());

impl Consent {
    /// The operator said yes to a confirmation, or let a visible countdown run out.
    pub(in crate::core) fn given() -> Self {
        Self(())
    }
}

/// The state of the door.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Guard {
    /// Every write is refused.
    pub read_only: bool,
    /// Writes need arming.
    pub production: bool,
    /// Armed until, on the monotonic clock.
    pub armed_until: Option<u64>,
    /// Session generation.
    pub generation: u32,
}

impl Guard {
    /// Why a write would be refused now.
    pub fn refusal(&self, now: Now) -> Option<&'static str> {
        if self.read_only {
            return Some("read-only: this session does not write");
        }
        if self.production && !self.is_armed(now) {
            return Some("production profile: press A and type its name to arm it for 5 minutes");
        }
        None
    }

    /// Why something that changes nothing but costs money would be refused now; `what` begins the clause.
    pub fn refusal_to_spend(&self, what: &str, now: Now) -> Option<String> {
        if self.read_only {
            return Some(format!("read-only: {what} spends money; start without read-only for it"));
        }
        self.refusal(now).map(str::to_owned)
    }

    /// Production writes are allowed for the moment.
    pub fn is_armed(&self, now: Now) -> bool {
        self.armed_until.is_some_and(|until| now.mono < until)
    }

    /// Approves confirmed changes.
    pub fn approve(&self, changes: Vec<Change>, now: Now, _consent: Consent) -> Result<Approved, Fault> {
        self.pass(changes, now)
    }

    /// Approves the making or dropping of a plan, which changes nothing that runs and so asks no second time.
    pub fn plan(&self, changes: Vec<Change>, now: Now) -> Result<Approved, Fault> {
        let is_plan = |c: &&Change| {
            matches!(
                c,
                Change::CreateChangeSet(_) | Change::DeleteChangeSet { .. } | Change::DropEmptyStack { .. }
            )
        };
        if let Some(change) = changes.iter().find(|c| !is_plan(c)) {
            return Err(refused(change.operation(), "this change needs a confirmation"));
        }
        self.pass(changes, now)
    }

    fn pass(&self, changes: Vec<Change>, now: Now) -> Result<Approved, Fault> {
        for change in &changes {
            self.permits(change, self.generation, now)?;
        }
        Ok(Approved {
            changes,
            generation: self.generation,
            at_rest: None,
        })
    }

    /// The check of the door itself: allow-list, session, read-only, armed.
    pub fn permits(&self, change: &Change, generation: u32, now: Now) -> Result<(), Fault> {
        let operation = change.operation();
        if let Some(why) = self.refusal(now) {
            return Err(refused(operation, why));
        }
        if generation != self.generation {
            return Err(refused(operation, "the session was switched after this was confirmed"));
        }
        if !ALLOWED.contains(&operation) {
            return Err(refused(operation, "this operation is not on the console's list"));
        }
        Ok(())
    }
}

fn refused(operation: &str, why: &str) -> Fault {
    Fault {
        detail: SafeText::new(why),
        ..Fault::new(FaultKind::Guarded, operation, "", "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delete() -> Change {
        Change::DeleteStack { stack: "s".into() }
    }

    #[test]
    fn read_only_and_unarmed_production_refuse_everything() {
        let now = Now { mono: 10, wall: 0 };
        for guard in [
            Guard {
                read_only: true,
                ..Guard::default()
            },
            Guard {
                production: true,
                ..Guard::default()
            },
        ] {
            assert!(guard.approve(vec![delete()], now, Consent::given()).is_err());
        }
        let armed = Guard {
            production: true,
            armed_until: Some(11),
            ..Guard::default()
        };
        assert!(armed.approve(vec![delete()], now, Consent::given()).is_ok());
        assert!(armed.approve(vec![delete()], Now { mono: 11, wall: 0 }, Consent::given()).is_err());
    }

    #[test]
    fn another_session_refuses() {
        let guard = Guard {
            generation: 2,
            ..Guard::default()
        };
        assert!(guard.permits(&delete(), 1, Now::default()).is_err());
    }

    #[test]
    fn only_plans_pass_without_consent() {
        assert!(Guard::default().plan(vec![delete()], Now::default()).is_err());
        let drop = Change::DeleteChangeSet {
            stack: "s".into(),
            change_set: "c".into(),
        };
        let empty = Change::DropEmptyStack {
            stack: "s".into(),
            change_set: "c".into(),
        };
        assert!(Guard::default().plan(vec![drop, empty], Now::default()).is_ok());
    }
}
