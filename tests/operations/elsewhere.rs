//! Credentials that become those of another account while an operation runs.

use bic_tui::{
    cloud::Query,
    core::{
        effect::Effect,
        fact::{Fact, Identity},
        msg::{Msg, Now},
        update::update,
    },
};

use super::Desk;

/// What is said once the credentials are of another account; and the one that they were of.
fn moved(desk: &mut Desk) -> (String, String) {
    let was = desk.model.feeds.identity.get().expect("an identity").account.to_string();
    desk.model.feeds.identity.due = 0;
    let now = Now {
        mono: desk.model.now.mono + 1_000,
        ..desk.model.now
    };
    let asked = update(&mut desk.model, Msg::Tick(now)).into_iter().find_map(|effect| match effect {
        Effect::Ask(ticket, Query::Identity) => Some(ticket),
        _ => None,
    });
    let identity = Identity {
        account: "222222222222".into(),
        arn: "arn:x".into(),
    };
    desk.take(Msg::Told(asked.expect("it is asked"), Ok(Fact::Identity(identity))));
    (desk.model.notice.as_ref().expect("it is said").text.to_string(), was)
}

#[test]
fn the_operation_that_runs_is_named_and_how_it_is_followed() {
    type Begins = fn(&mut Desk);
    let cases: [(&str, &str, Begins); 4] = [
        // AWS has taken it, and the stack does not tell of it yet.
        ("update", "was begun from here", |desk| {
            desk.plan(&[("LogRetentionDays", "14")]);
            desk.press("enter y");
        }),
        ("update", "goes on", |desk| {
            desk.deploy(&[("LogRetentionDays", "14")]);
            desk.until("UPDATE_IN_PROGRESS");
        }),
        ("deletion", "goes on", |desk| {
            desk.press(":destroy enter bedrock-image-chat enter enter");
            desk.until("DELETE_IN_PROGRESS");
        }),
        ("", "", |_| {}),
    ];
    for (what, runs, begin) in cases {
        let mut desk = Desk::at("running");
        begin(&mut desk);
        let (said, was) = moved(&mut desk);
        let now = format!("the credentials are of account 222222222222 now, not of {was}");
        let want = if what.is_empty() {
            format!("{now}: all that was open is dropped. ")
        } else {
            format!(
                "the {what} of bedrock-image-chat {runs} in account {was} (us-west-2): `bic-tui deploy --watch --region us-west-2 \
                 --stack bedrock-image-chat` follows it with that account's credentials; {now}. "
            )
        };
        assert!(said.starts_with(&want), "{said}");
    }
}
