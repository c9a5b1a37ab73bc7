//! `cert`, `dns` and `throughput`.

use super::*;
use crate::core::fact::{DnsRecord, HostedZone};

const NAME: &str = "chat.example.com";

#[tokio::test(start_paused = true)]
async fn a_certificate_from_its_request_to_the_stack() {
    let mut case = Case::sim("running");
    let (status, out, _) = case.run("cert").await;
    assert!(status == 0 && out.contains("has no certificate: plain HTTP"), "{out}");
    let (status, out, err) = case.run("cert request chat.example.com --name *.example.com").await;
    assert!(status == 0 && out.contains("PENDING_VALIDATION") && out.contains("CNAME"), "{out}");
    assert_eq!(out.matches("proof").count(), 2, "{out}");
    assert!(
        err.contains("cert validate arn:aws:acm:us-west-2:") && err.contains("puts the record into zone example.com of this account"),
        "{err}"
    );
    let (status, out, err) = case.run("cert validate --wait").await;
    assert!(status == 0 && out.contains("ISSUED") && out.contains("valid until"), "{out}{err}");
    assert!(err.contains("deploy --param ACMCertificateArn="), "{err}");
    let arn = err
        .split("ACMCertificateArn=")
        .nth(1)
        .unwrap()
        .split('`')
        .next()
        .unwrap()
        .to_owned();
    let (status, _, err) = case.run(&format!("deploy --param ACMCertificateArn={arn}")).await;
    assert_eq!(status, 0, "{err}");
    let (status, out, _) = case.run("cert --output json").await;
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, &report["certificate"]["status"]), (0, &"ISSUED".into()));
    assert!(
        report["certificate"]["in_use_by"][0]
            .as_str()
            .unwrap()
            .contains(":loadbalancer/app/")
    );
    let (status, _, err) = case.run("cert validate").await;
    assert!(status == 2 && err.contains("No certificate of this region waits"), "{err}");
    let operations: Vec<&str> = case.entries().iter().filter(|e| e.event == "begin").map(|e| e.operation).collect();
    assert_eq!(operations[..2], ["acm:RequestCertificate", "route53:ChangeResourceRecordSets"]);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_nobody_proves_times_out_and_one_that_acm_refuses_fails() {
    let mut case = Case::sim("running");
    for (name, want) in [
        ("chat.example.org", "VALIDATION_TIMED_OUT"),
        ("chat.amazonaws.com", "FAILED (ADDITIONAL_VERIFICATION_REQUIRED)"),
    ] {
        let (status, out, _) = case.run(&format!("cert request {name} --wait")).await;
        assert!(status == 1 && out.contains(want), "{out}");
    }
    let (status, _, err) = case.run("cert request mail.example.org").await;
    assert!(
        status == 0 && err.contains("No public zone of this account holds ") && err.contains("hand the record to"),
        "{err}"
    );
    assert!(!err.contains("puts the record"), "{err}");
    let (status, _, err) = case.run("cert validate").await;
    assert!(status == 1 && err.contains("is not in zone example.com"), "{err}");
    for (line, want) in [
        ("cert request nonsense", "is no host name"),
        ("cert request a-1.us-west-2.elb.amazonaws.com", "load balancer's own name"),
    ] {
        let (status, _, err) = case.run(line).await;
        assert!(status == 2 && err.contains(want), "{line}: {err}");
    }
    let (status, _, err) = case.typing("n\n").run("cert request chat.example.com").await;
    assert!(status == 1 && err.contains("Nothing was sent"), "{err}");
}

#[tokio::test(start_paused = true)]
async fn a_name_is_pointed_at_the_load_balancer() {
    let mut case = Case::sim("running");
    let (status, out, _) = case.run("dns").await;
    assert!(status == 0 && out.contains("none: only the load balancer's own"), "{out}");
    let (status, out, _) = case.run("dns --name chat.example.com").await;
    assert!(status == 1 && out.contains("no record") && out.contains("would be"), "{out}");
    let (status, out, err) = case.run("dns upsert chat.example.com --wait").await;
    assert!(
        status == 0 && out.contains("The application is at http://chat.example.com"),
        "{out}{err}"
    );
    assert!(out.contains("plain HTTP") && out.contains("DomainName=chat.example.com"), "{out}");
    assert!(err.contains("then: CNAME ") && err.contains("INSYNC"), "{err}");
    let (status, out, _) = case.run("dns --name chat.example.com").await;
    assert!(status == 0 && out.contains("leads to       the load balancer"), "{out}");
    let before = case.entries().len();
    let (status, _, err) = case.run("dns upsert chat.example.com").await;
    assert!(status == 0 && err.contains("stands in zone example.com already"), "{err}");
    assert_eq!(case.entries().len(), before);
    let (status, out, err) = case.run("dns upsert *.example.com").await;
    assert!(
        status == 0 && out.contains("will be at every name under example.com that has no record of its own, such as http://chat."),
        "{out}{err}"
    );
    assert!(!out.contains("://*") && !out.contains("--app-url"), "{out}");
    let (status, out, _) = case.run("dns --name *.example.com").await;
    assert!(status == 0 && out.contains("address        every name under example.com"), "{out}");
    // The zone's own name takes an alias by itself.
    let (status, out, err) = case.run("dns upsert example.com").await;
    assert!(status == 0 && err.contains("then: A alias of "), "{out}{err}");
}

#[tokio::test(start_paused = true)]
async fn another_ones_record_is_overwritten_by_its_name_alone() {
    let mut case = Case::sim("running");
    let (status, _, err) = case.run("dns upsert www.example.com").await;
    assert!(
        status == 2 && err.contains("overwrites a record that leads elsewhere") && err.contains("--confirm www.example.com"),
        "{err}"
    );
    let (status, _, err) = case.run("dns upsert www.example.com --confirm other").await;
    assert!(status == 2 && err.contains("Nothing was sent"), "{err}");
    assert!(case.entries().is_empty());
    let (status, _, err) = case.run("dns upsert www.example.com --type alias --confirm www.example.com").await;
    assert!(status == 0 && err.contains("now: CNAME pages.example.net"), "{err}");
    for (line, code, want) in [
        ("dns upsert chat.example.org", 1, "is not in zone example.com"),
        ("dns upsert chat.corp.example.com --zone Z0PRIVATEEXAMPLE0001", 2, "is private"),
        ("dns upsert chat.example.com --zone Z9", 2, "There is no zone Z9"),
        (
            "dns upsert chat.example.org --zone Z0PUBLICEXAMPLE00001",
            2,
            "is not in zone example.com",
        ),
        ("dns upsert example.com --type cname", 2, "take an alias"),
    ] {
        let (status, _, err) = case.run(line).await;
        assert!(status == code && err.contains(want), "{line}: {status} {err}");
    }
}

#[tokio::test(start_paused = true)]
async fn throughput_is_bought_and_deleted_by_its_name() {
    let mut case = Case::sim("running");
    let (status, out, _) = case.run("throughput").await;
    assert!(
        status == 0 && out.contains("no provisioned throughput in us-west-2") && out.contains("brand-images"),
        "{out}"
    );
    for (line, want) in [
        (
            "throughput buy amazon.nova-canvas-v1:0 --name images --confirm images",
            "o throughput is bought: amazon.nova-canvas-v1:0 ended",
        ),
        (
            "throughput buy  --name images --confirm images",
            "\"\" is neither the id of a model nor ",
        ),
        (
            "throughput buy brnd-images --name images --confirm images",
            "did you mean \"brand-images\"?",
        ),
        ("throughput buy brand-images --name images", "--confirm images"),
        ("throughput buy brand-images --name images --confirm other", "Nothing was sent"),
        ("throughput buy brand-images --name _x --confirm _x", "A name has"),
        ("throughput delete nothing --confirm nothing", "There is no provisioned throughput"),
    ] {
        let (status, _, err) = case.run(line).await;
        assert!(status == 2 && err.contains(want), "{line}: {err}");
    }
    assert!(case.entries().is_empty());
    let buy = "throughput buy brand-images --name images --confirm images --commitment 1-month";
    let (status, out, err) = case.run(buy).await;
    assert!(status == 0 && out.contains("images is Creating: arn:aws:bedrock:"), "{out}");
    for part in ["1 model unit of brand-images", "publishes none", "whole month", "granted"] {
        assert!(err.contains(part), "{part}: {err}");
    }
    let (status, _, err) = case.run("throughput delete images --confirm images").await;
    assert!(status == 2 && err.contains("is bound until"), "{err}");
    let (status, out, err) = case.run("throughput buy brand-images --name more --confirm more --wait").await;
    assert!(status == 0 && out.contains("more is InService"), "{out}");
    assert!(err.contains("deploy --param ProvisionedModelArn="), "{err}");
    let (status, _, err) = case.run("throughput buy brand-images --name third --confirm third").await;
    assert!(status == 4 && err.contains("model units"), "{err}");
    let (status, out, _) = case.run("throughput --output json").await;
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, report["throughput"].as_array().map(Vec::len)), (0, Some(2)));
    let (status, out, _) = case.run("throughput delete more --confirm more").await;
    assert!(status == 0 && out.contains("more is deleted"), "{out}");
}

/// Answers of one type, so that they stand in a table.
type Scripted = fn(&Query) -> Option<Result<Fact, Fault>>;

#[tokio::test(start_paused = true)]
async fn zones_that_are_missing_or_forbidden_are_one_sentence() {
    let none = |query: &Query| matches!(query, Query::HostedZones).then(|| Ok(Fact::HostedZones(Vec::new())));
    let denied = |query: &Query| {
        let fault = || Fault::new(FaultKind::Denied, "route53:ListHostedZones", "", "");
        matches!(query, Query::HostedZones).then(|| Err(fault()))
    };
    let special = |query: &Query| match query {
        Query::DnsRecords { .. } => Some(Ok(Fact::DnsRecords(vec![DnsRecord {
            name: NAME.into(),
            kind: "A".into(),
            ttl: Some(60),
            values: vec!["192.0.2.1".into()],
            alias: None,
            is_special: true,
        }]))),
        _ => None,
    };
    let private = |query: &Query| {
        let zone = || HostedZone {
            id: "Z1".into(),
            name: "example.com".into(),
            is_private: true,
        };
        matches!(query, Query::HostedZones).then(|| Ok(Fact::HostedZones(vec![zone()])))
    };
    let scripts: [(Scripted, u8, &str); 4] = [
        (none, 1, "no hosted zone: make the record"),
        (denied, 4, "route53:ListHostedZones is not allowed"),
        (special, 1, "routing policy"),
        (private, 1, "is private"),
    ];
    for (script, code, want) in scripts {
        let mut case = Case::new(Answering::of("running", script));
        let (status, _, err) = case.run("dns upsert chat.example.com").await;
        assert!(status == code && err.contains(want), "{want}: {status} {err}");
        assert!(case.entries().is_empty());
    }
    let mut case = Case::sim("new");
    let (status, _, err) = case.run("dns").await;
    assert!(status == 4 && err.contains("does not exist"), "{err}");
    let mut case = Case::sim("expired");
    for line in ["cert", "throughput", "dns"] {
        assert_eq!(case.run(line).await.0, 3, "{line}");
    }
}

/// Carries everything out, and loses each first answer to a write.
struct Lossy(Arc<dyn Cloud>, std::sync::atomic::AtomicBool);

impl Cloud for Lossy {
    fn ask(&self, query: Query) -> BoxFuture<'_, Result<Fact, Fault>> {
        self.0.ask(query)
    }
    fn change(&self, change: Change, token: Token) -> BoxFuture<'_, Result<Done, Fault>> {
        let is_lost = !self.1.fetch_xor(true, std::sync::atomic::Ordering::SeqCst);
        Box::pin(async move {
            let operation = change.operation();
            let done = self.0.change(change, token).await;
            if is_lost {
                Err(Fault::new(FaultKind::TimedOut, operation, "", ""))
            } else {
                done
            }
        })
    }
    fn reveal(&self, secret: SecretRef) -> BoxFuture<'_, Result<Arc<SecretText>, Fault>> {
        self.0.reveal(secret)
    }
    crate::cloud::pass_on!(0);
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_is_lost_happens_once() {
    let world = world("running");
    let buy = "throughput buy brand-images --name images --confirm images";
    for line in [
        "cert request chat.example.com",
        "dns upsert chat.example.com",
        "dns upsert www.example.com --type alias --confirm www.example.com",
        buy,
        "throughput delete images --confirm images",
    ] {
        let mut case = Case::new(Arc::new(Lossy(Arc::clone(&world), false.into())));
        let (status, out, err) = case.run(line).await;
        assert_eq!(status, 0, "{line}: {out}{err}");
        let tokens: std::collections::BTreeSet<_> = case.entries().iter().map(|e| e.token.0.clone()).collect();
        assert_eq!(tokens.len(), 1, "{line}");
        if line == buy {
            tokio::time::sleep(Duration::from_mins(15)).await;
            assert_eq!(reads::throughputs(&*world).await.unwrap().len(), 1);
        }
    }
    assert_eq!(reads::certificates(&*world).await.unwrap().len(), 1);
    assert!(reads::throughputs(&*world).await.unwrap().is_empty());
}
