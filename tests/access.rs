//! Name, certificate and provisioned throughput, told by keys: from the request to what the stack serves.
#![expect(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

mod desk;

use bic_tui::{
    cloud::{Change, ProbeRequest, Query},
    core::{
        fact::{Fact, ProbeStage},
        screen::deploy::Stage,
        text::SafeText,
    },
};
use desk::Desk;

/// Fails unless every text is on the screen.
fn says(screen: &str, texts: &[&str]) {
    for text in texts {
        assert!(screen.contains(text), "\"{text}\" is not on the screen:\n{screen}");
    }
}

/// Chooses an action of the palette.
fn choose(desk: &mut Desk, action: &str) {
    desk.press(&format!(":{action}"));
    desk.press("enter");
}

fn clear(desk: &mut Desk) {
    desk.take(bic_tui::core::msg::Msg::Key("ctrl-u".parse().expect("a key")));
}

/// A certificate from the request to its issue.
fn issued(desk: &mut Desk) {
    choose(desk, "request-certificate");
    says(&desk.screen(), &["certificate for (more names behind it): "]);
    desk.press("chat.example.com enter");
    says(
        &desk.screen(),
        &["Request a certificate for chat.example.com?", "Free of charge", "▸[ Cancel ]"],
    );
    desk.press("y");
    desk.see(&["proof", "CNAME", "waits for its proof", "Put the record into the zone"]);
    desk.press("enter");
    says(
        &desk.screen(),
        &["▸ Put the record that proves it into Route 53", "not now: it is PENDING_VALIDATION"],
    );
    desk.press("enter");
    desk.see(&[
        "Prove the certificate by DNS",
        "example.com",
        "holds the name",
        "private: VPCs only",
    ]);
    desk.press("enter");
    desk.see(&["into zone example.com?", "before: no record", "acm-validations.aws"]);
    desk.press("y");
    desk.see(&["about a minute"]);
    desk.see(&["▸ Put the certificate into the stack"]);
    assert!(desk.screen().contains("is issued"), "{}", desk.screen());
}

#[test]
fn an_open_menu_opens_what_becomes_possible() {
    let mut desk = Desk::at("running");
    desk.press("8");
    desk.wait(2);
    choose(&mut desk, "request-certificate");
    desk.press("chat.example.com enter y");
    desk.press("enter");
    says(
        &desk.screen(),
        &["Put the record that proves it", "not now: ACM has not named its record yet"],
    );
    desk.press("down down k");
    let row = |screen: &str| screen.split('▸').nth(1).and_then(|it| it.split('┃').next()).map(str::to_owned);
    let before = row(&desk.screen());
    desk.wait(6);
    let screen = desk.screen();
    assert!(!screen.contains("ACM has not named its record yet"), "{screen}");
    assert_eq!(row(&screen), before);
}

fn probe(desk: &Desk, url: &str) -> Option<bool> {
    let request = ProbeRequest {
        stage: ProbeStage::OpenWebui,
        app_url: url.into(),
        api_key: desk.model.names().api_key(),
    };
    match desk.ask(Query::Probe(request)) {
        Fact::Stage(report) => report.is_well,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_certificate_is_requested_proven_and_put_into_the_stack() {
    let mut desk = Desk::at("running");
    desk.press("8");
    desk.wait(2);
    desk.press("tab tab tab");
    says(
        &desk.screen(),
        &[
            "Name and certificate",
            "plain HTTP: nothing is encrypted",
            "For HTTPS: request a certificate",
        ],
    );
    issued(&mut desk);
    desk.press("enter");
    let Stage::Form(form) = &desk.model.deploy else {
        panic!("the form is open:\n{}", desk.screen())
    };
    let value = |name: &str| form.values()[name].clone();
    assert!(value("ACMCertificateArn").contains(":acm:us-west-2:") && value("DomainName") == "chat.example.com");
    desk.press("end enter");
    desk.see(&["Plan to ", "HTTPSListener"]);
    desk.press("enter y");
    desk.wait(3);
    desk.until("UPDATE_COMPLETE");
    desk.press("8");
    desk.wait(40);
    says(&desk.see(&["issued until 20"]), &["HTTPS", "chat.example.com"]);
    assert!(!desk.screen().contains("not in the stack"));

    // The name leads nowhere yet.
    assert_eq!(probe(&desk, "https://chat.example.com"), Some(false));
    desk.see(&["no record yet", "Point the name at the load balancer."]);
    desk.press("enter");
    says(
        &desk.screen(),
        &["▸ Point a name at the load balancer", "not now: the stack has it"],
    );
    desk.press("enter");
    desk.see(&["chat.example.com▏", "[CNAME]", "holds the name"]);
    desk.press("enter");
    let question = desk.see(&["Point chat.example.com at the load balancer, in zone example.com?"]);
    says(
        &question,
        &["before: no record", "elb.amazonaws.com (300 s)", "at https://chat.example.com"],
    );
    assert!(!question.contains("does not cover"));
    desk.press("y");
    desk.see(&["reaching the name servers"]);
    desk.see(&["the application is at https://chat.example.com"]);
    desk.see(&["leads to the load balancer: CNAME"]);
    assert_eq!(probe(&desk, "https://chat.example.com"), Some(true));
    // All stands as it should: nothing is sent again.
    let written = desk.written.len();
    choose(&mut desk, "point-name");
    desk.see(&["holds the name"]);
    desk.press("enter");
    desk.see(&["leads to the load balancer already"]);
    assert_eq!(desk.written.len(), written);
}

#[test]
fn what_stands_there_is_overwritten_only_by_its_typed_name() {
    let mut desk = Desk::at("running");
    choose(&mut desk, "point-name");
    desk.see(&["zones, best first"]);
    for (name, want) in [
        ("nonsense", "is no host name"),
        ("chat.example.org", "is not in zone example.com"),
        ("example.com", "where no CNAME can stand"),
    ] {
        clear(&mut desk);
        desk.press(name);
        desk.press("enter");
        desk.see(&[want]);
    }
    clear(&mut desk);
    desk.press("x.corp.example.com");
    // The public zone stands first; the private one can be chosen, and is refused.
    desk.press("down enter");
    desk.see(&["Zone corp.example.com is private"]);
    clear(&mut desk);
    desk.press("www.example.com enter");
    let question = desk.see(&["overwritten: CNAME pages.example.net"]);
    says(
        &question,
        &["Type www.example.com", "[ Overwrite ]", "The stack has no certificate"],
    );
    desk.press("y enter");
    assert!(desk.written.is_empty(), "neither yes nor Enter is enough");
    desk.press("esc");
    says(&desk.screen(), &["cancelled; nothing was sent"]);
    choose(&mut desk, "point-name");
    desk.see(&["zones, best first", "corp.example.com"]);
    clear(&mut desk);
    desk.press("www.example.com tab enter");
    desk.see(&["after:  A alias of ", "overwritten: CNAME pages.example.net"]);
    desk.press("www.example.com enter enter");
    desk.wait(2);
    let Some(Change::ChangeRecords { removes, upserts, .. }) = desk.written.last() else {
        panic!("{:?}", desk.written)
    };
    assert_eq!((removes.len(), upserts.len()), (1, 1));
    desk.see(&["the application is at http://www.example.com"]);
}

#[test]
fn a_certificate_that_acm_refuses_says_why() {
    let mut desk = Desk::at("running");
    choose(&mut desk, "request-certificate");
    for (name, want) in [
        ("alb.us-west-2.elb.amazonaws.com", "a name of a domain of yours"),
        ("https://x.example.com", "without http://"),
        ("chat", "with stops between, such as chat.example.com."),
    ] {
        clear(&mut desk);
        desk.press(name);
        desk.press("enter");
        says(&desk.screen(), &[want]);
    }
    // Where it has no room in one row it goes on in the next.
    let narrow = desk.screen_at(80, 24);
    let words: Vec<&str> = narrow.split_whitespace().collect();
    says(&words.join(" "), &["with stops between, such as chat.example.com."]);
    clear(&mut desk);
    desk.press("chat.amazonaws.com enter y");
    desk.see(&["FAILED: ADDITIONAL_VERIFICATION_REQUIRED", "request another"]);
    // Nobody puts the record anywhere: ACM gives up after three days.
    let mut desk = Desk::at("running");
    choose(&mut desk, "request-certificate");
    desk.press("chat.example.org enter y");
    desk.see(&["waits for its proof", "CNAME"]);
    choose(&mut desk, "prove-certificate");
    desk.see(&["zones, best first"]);
    desk.press("enter");
    desk.see(&["✗ _", "take the zone that holds it"]);
    desk.press("esc");
    desk.leap(73 * 3_600);
    desk.see(&["VALIDATION_TIMED_OUT"]);
}

#[test]
fn throughput_is_bought_followed_put_into_the_stack_and_deleted() {
    let mut desk = Desk::at("running");
    desk.press("8");
    desk.press("tab tab tab tab");
    desk.see(&["Provisioned throughput", "None is bought"]);
    desk.press("enter");
    says(&desk.screen(), &["▸ Buy provisioned throughput", "not now: there is none"]);
    desk.press("enter");
    desk.see(&["‹ brand-images ›", "Commitment: none", "ended on 2026-09-30"]);
    // A wrong name is said beside the price, and the focus goes to it.
    desk.take(bic_tui::core::msg::Msg::Key("up".parse().expect("a key")));
    clear(&mut desk);
    desk.press("enter");
    says(&desk.screen(), &["✗ A name has letters", "▸ name", "Commitment: none"]);
    desk.press("images-1 down");
    // What has ended is refused with the reason of the catalogue.
    desk.take(bic_tui::core::msg::Msg::Key("left".parse().expect("a key")));
    desk.press("enter");
    desk.see(&["✗ can not be bought: amazon.", "ended", "what is offered"]);
    says(
        &desk.screen(),
        &["`bic-tui models", "--region us-west-2 --stack bedrock-image-chat`"],
    );
    desk.press("right");
    desk.press("down down right");
    says(&desk.screen(), &["‹ 1-month ›", "charged for the whole month"]);
    desk.press("enter");
    let question = desk.see(&["Buy provisioned throughput images-1?"]);
    says(&question, &["publishes none", "1 month", "granted to the account", "Type images-1"]);
    desk.press("y enter");
    assert!(desk.written.is_empty());
    // The letters went into the field of the name.
    clear(&mut desk);
    desk.press("images-1 enter enter");
    desk.see(&["images-1", "Creating", "OneMonth until"]);
    let menu = desk.see(&["▸ Put images-1 into the stack"]);
    says(&menu, &["is in service", "not now: images-1 is bound until"]);
    desk.press("enter");
    desk.press("end enter");
    desk.see(&["Plan to "]);
    desk.press("enter y");
    desk.wait(3);
    desk.until("UPDATE_COMPLETE");
    desk.press("8");
    desk.see(&["InService", "(in the stack)"]);
    choose(&mut desk, "delete-throughput");
    says(&desk.screen(), &["is bound until"]);
    desk.leap(31 * 86_400);
    choose(&mut desk, "delete-throughput");
    says(&desk.see(&["Type images-1"]), &["The stack names it", "[ Delete ]"]);
    desk.press("images-1 enter enter");
    desk.see(&["None is bought"]);
    let kinds: Vec<&str> = desk.written.iter().map(Change::operation).collect();
    assert_eq!(kinds.iter().filter(|kind| kind.starts_with("bedrock:")).count(), 2, "{kinds:?}");
}

#[test]
fn units_that_are_not_granted_are_refused_in_a_sentence() {
    let mut desk = Desk::at("running");
    choose(&mut desk, "buy-throughput");
    desk.see(&["brand-images"]);
    desk.press("down 9 enter");
    desk.see(&["9 model units"]);
    desk.press("images-1 enter enter");
    desk.see(&["AWS refused bedrock:CreateProvisionedModelThroughput"]);
    let arn = desk.model.access.bought.clone();
    assert_eq!(arn, None::<SafeText>);
}

#[test]
fn panels_that_do_not_fit_are_named() {
    let mut desk = Desk::at("running");
    desk.press("8");
    desk.wait(2);
    let screen = desk.screen_at(80, 24);
    says(
        &screen,
        &[
            "Tab goes on to: Models · Name and certificate · Provisioned throughput",
            "Outputs",
            "Secrets",
        ],
    );
    desk.press("tab tab tab");
    says(
        &desk.screen_at(80, 24),
        &["Name and certificate", "goes on to: ", "Secrets · Models"],
    );
    let tall = desk.screen_at(200, 60);
    says(
        &tall,
        &["Outputs", "Secrets", "Models", "Name and certificate", "Provisioned throughput"],
    );
    assert!(!tall.contains("goes on to"));
}

#[test]
fn a_stack_that_has_it_all_says_so_in_one_look() {
    let mut desk = Desk::at("https");
    // LiteLLM stands behind the load balancer too, now that there is a certificate.
    says(&desk.screen(), &["all well"]);
    desk.press("8");
    let screen = desk.see(&["issued until 20", "leads to the load balancer: CNAME", "https://chat.example.com"]);
    assert!(!screen.contains("plain HTTP"), "{screen}");
    desk.press("tab tab tab tab");
    desk.see(&["images-1", "InService", "none: by the hour"]);
    assert_eq!(probe(&desk, "https://chat.example.com"), Some(true));
}

#[test]
fn what_is_put_into_the_form_takes_nothing_away_that_was_typed() {
    let mut desk = Desk::at("https");
    desk.press("D");
    let Stage::Form(form) = &mut desk.model.deploy else {
        panic!("the form is open")
    };
    form.selected = form
        .fields
        .iter()
        .position(|f| f.def.name == "LogRetentionDays")
        .expect("a parameter");
    desk.press("right esc 8 tab tab tab tab");
    desk.see(&["images-1", "InService"]);
    choose(&mut desk, "use-throughput");
    let values = |desk: &Desk| desk.model.deploy.form().expect("the form is open").values();
    let typed = values(&desk)["LogRetentionDays"].clone();
    assert!(
        typed != "30" && values(&desk)["ProvisionedModelArn"].contains("provisioned-model"),
        "{typed}"
    );
    desk.press("esc D");
    assert_eq!(values(&desk)["LogRetentionDays"], typed);
}
