//! `policy`: what this program calls, as an IAM policy.

use super::{Answer, Out};
use crate::{
    cli::{Common, PolicyArgs},
    core::{
        names::DEFAULT_PROJECT,
        policy::{self, Subject},
    },
};

/// Prints the policy of a console that acts, or with `--read-only` of one that looks. What CloudFormation makes
/// needs the rights of the template besides.
pub(super) fn print(flags: &Common, args: &PolicyArgs, out: &mut Out) -> Answer<()> {
    let or_any = |value: &Option<String>| value.clone().unwrap_or_else(|| "*".into());
    let stack = flags.stack.clone().unwrap_or_else(|| DEFAULT_PROJECT.into());
    let subject = Subject {
        region: or_any(&flags.region),
        account: or_any(&args.account),
        project: args.project.clone().unwrap_or_else(|| DEFAULT_PROJECT.into()),
        stack,
    };
    out.json(&if flags.read_only {
        policy::reading(&subject)
    } else {
        policy::acting(&subject)
    })
}
