//! `cert`: the stack's certificate, the request for one, and the records that prove it.

use std::time::Duration;

use serde::Serialize;

use super::{Answer, Context, Failure, Verdict, check, confirm, dns, pause, reads, text, write};
use crate::{
    cli::{CertArgs, CertCommand, CertRequestArgs, CertValidateArgs},
    cloud::{Change, Done},
    core::{
        address,
        fact::{Certificate, CertificateBrief, HostedZone, Stack},
        fault::{Fault, FaultKind},
        text::SafeText,
    },
};

/// How often ACM is asked while somebody waits.
const EVERY: Duration = Duration::from_secs(15);
/// Looks until ACM has named the records of a request.
const LOOKS: usize = 10;

/// The JSON of `cert`.
#[derive(Debug, Serialize)]
struct Report {
    region: SafeText,
    /// That of the stack.
    certificate: Option<Certificate>,
    /// All of the region that are issued or wait for their proof.
    certificates: Vec<CertificateBrief>,
}

/// Shows, requests or proves.
pub(super) async fn run(cx: &mut Context, args: &CertArgs) -> Answer {
    match &args.command {
        None => show(cx).await,
        Some(CertCommand::Request(args)) => request(cx, args).await,
        Some(CertCommand::Validate(args)) => validate(cx, args).await,
    }
}

/// The certificate of the stack; "not well" when it has one that load balancers do not take.
async fn show(cx: &mut Context) -> Answer {
    let found = reads::stack_if_told(cx).await?;
    let arn = check::existing(&found).and_then(of_stack);
    let certificate = match &arn {
        Some(arn) => reads::certificate(&*cx.cloud, arn).await?,
        None => None,
    };
    let report = Report {
        region: cx.cloud.about().region,
        certificates: reads::certificates(&*cx.cloud).await?,
        certificate,
    };
    let is_bad = arn.is_some() && !report.certificate.as_ref().is_some_and(Certificate::is_issued);
    if cx.out.is_json() {
        cx.out.json(&report)?;
    } else {
        print(cx, &report, arn.as_ref(), matches!(found, Ok(Some(_))))?;
    }
    // The certificates of the region are told all the same.
    if found?.is_none() {
        return Err(reads::no_such_stack(cx));
    }
    Ok(if is_bad { Verdict::NotWell } else { Verdict::Well })
}

/// ARN of the certificate that a stack has.
pub(super) fn of_stack(stack: &Stack) -> Option<SafeText> {
    stack.parameter("ACMCertificateArn").filter(|arn| !arn.is_empty()).cloned()
}

fn print(cx: &mut Context, report: &Report, arn: Option<&SafeText>, is_known: bool) -> Answer<()> {
    let stack = cx.settings.stack.clone();
    match (&report.certificate, arn) {
        (Some(it), _) => tell(cx, it)?,
        (None, Some(arn)) => cx
            .out
            .line(format!("Stack {stack} has {arn}, which ACM does not know in {}.", report.region))?,
        (None, None) if !is_known => {}
        (None, None) => cx.out.line(cx.placed(&format!(
            "Stack {stack} has no certificate: plain HTTP. `bic-tui cert request NAME` requests one."
        )))?,
    }
    if report.certificates.is_empty() {
        return cx
            .out
            .line(format!("No certificate of {} is issued or waits for its proof.", report.region));
    }
    cx.out.line("")?;
    let rows: Vec<Vec<String>> = report
        .certificates
        .iter()
        .map(|it| {
            let until = it.not_after.map_or_else(|| "-".into(), |at| text::moment(at, &cx.settings));
            let names: Vec<&str> = it.names.iter().map(SafeText::as_str).collect();
            let used = if it.in_use { "in use" } else { "-" };
            vec![names.join(" "), it.status.to_string(), until, used.into(), it.arn.to_string()]
        })
        .collect();
    for line in text::table(&["NAMES", "STATUS", "UNTIL", "USED", "ARN"], &rows) {
        cx.out.line(line)?;
    }
    Ok(())
}

fn tell(cx: &mut Context, it: &Certificate) -> Answer<()> {
    let names: Vec<&str> = it.names.iter().map(SafeText::as_str).collect();
    let mut rows = vec![
        vec!["certificate".to_owned(), it.arn.to_string()],
        vec!["names".into(), names.join(" ")],
        vec!["status".into(), status(it)],
    ];
    if let Some(at) = it.not_after {
        rows.push(vec!["valid until".into(), text::moment(at, &cx.settings)]);
    }
    rows.extend(it.in_use_by.iter().map(|arn| vec!["used by".to_owned(), arn.to_string()]));
    for record in it.open_records() {
        rows.push(vec!["proof".into(), format!("{} CNAME {}", record.name, record.value)]);
    }
    for line in text::columns(&rows) {
        cx.out.line(line)?;
    }
    Ok(())
}

fn status(it: &Certificate) -> String {
    if it.failure.is_empty() {
        it.status.to_string()
    } else {
        format!("{} ({})", it.status, it.failure)
    }
}

/// Requests a certificate; with `--wait` the answer comes when it is issued, or never will be.
async fn request(cx: &mut Context, args: &CertRequestArgs) -> Answer {
    let words: Vec<&str> = std::iter::once(&args.domain).chain(&args.names).map(String::as_str).collect();
    let (domain, names) = address::names(&words.join(" ")).map_err(Failure::Usage)?;
    if address::is_balancer_name(&domain) {
        let why = format!("{domain} is a load balancer's own name, which is AWS's: take a name of a domain of yours.");
        return Err(Failure::Usage(why));
    }
    let change = Change::RequestCertificate {
        domain: domain.clone(),
        names,
    };
    let region = cx.cloud.about().region;
    let question = format!("Request a certificate for {domain}, for load balancers of {region}? It is free of charge.");
    confirm(cx, &question, std::slice::from_ref(&change)).await?;
    let Done::Certificate { arn } = write(cx, change).await? else {
        return Err(odd("the request").into());
    };
    let it = named(cx, &arn).await?;
    if !args.wait {
        return answer(cx, &it).await;
    }
    for record in it.open_records() {
        cx.out.note(format!("DNS must have: {} CNAME {}", record.name, record.value));
    }
    let way = proof_way(cx, &it).await;
    cx.out.note(way);
    let it = wait(cx, &arn).await?;
    answer(cx, &it).await
}

fn odd(what: &str) -> Fault {
    Fault::new(FaultKind::OddAnswer, what, "", "")
}

/// The certificate, once ACM has named the records that prove it.
async fn named(cx: &Context, arn: &SafeText) -> Answer<Certificate> {
    for look in 0.. {
        match reads::certificate(&*cx.cloud, arn).await? {
            Some(it) if look >= LOOKS || !it.is_pending() || !it.open_records().is_empty() => return Ok(it),
            None if look >= LOOKS => break,
            _ => pause(cx, Duration::from_secs(3)).await,
        }
    }
    Err(Fault::new(FaultKind::NotFound, "acm:DescribeCertificate", arn, "").into())
}

/// Waits until the certificate is issued, or never will be: ACM itself gives up after 72 hours.
async fn wait(cx: &mut Context, arn: &SafeText) -> Answer<Certificate> {
    loop {
        let it = reads::certificate(&*cx.cloud, arn).await?;
        let it = it.ok_or_else(|| Fault::new(FaultKind::NotFound, "acm:DescribeCertificate", arn, ""))?;
        if !it.is_pending() {
            cx.out.progress(String::new());
            return Ok(it);
        }
        let since = text::age(it.requested, cx.cloud.now());
        cx.out.progress(format!("{} waits for its proof for {since}", it.domain));
        pause(cx, EVERY).await;
    }
}

/// How the records that prove a certificate come into DNS.
async fn proof_way(cx: &Context, it: &Certificate) -> String {
    let command = format!("bic-tui cert validate {} {}", it.arn, cx.same_place);
    match reads::zones(&*cx.cloud).await {
        Ok(zones) => address::proof_way(&it.open_records(), &zones, &command),
        Err(fault) => format!(
            "`{command}` puts the record into its zone, if this account has it, which is not known: {}.",
            fault.sentence()
        ),
    }
}

/// What has become of it. A certificate that waits for its proof is well as long as nobody waits with it.
async fn answer(cx: &mut Context, it: &Certificate) -> Answer {
    if cx.out.is_json() {
        cx.out.json(it)?;
    } else {
        tell(cx, it)?;
        let (arn, place) = (&it.arn, cx.same_place.clone());
        if it.is_pending() {
            let way = proof_way(cx, it).await;
            cx.out.note(way);
        } else if it.is_issued() {
            cx.out.note(format!(
                "`bic-tui deploy --param ACMCertificateArn={arn} {place}` puts it into the stack."
            ));
        }
    }
    let is_well = it.is_issued() || it.is_pending();
    Ok(if is_well { Verdict::Well } else { Verdict::NotWell })
}

/// Puts the records that prove a certificate into their zones.
async fn validate(cx: &mut Context, args: &CertValidateArgs) -> Answer {
    let arn = match &args.arn {
        Some(arn) => arn.as_str().into(),
        None => only_pending(cx).await?,
    };
    let it = named(cx, &arn).await?;
    if !it.is_pending() {
        cx.out.note(format!("{} is {}: there is nothing to prove.", it.domain, it.status));
        return answer(cx, &it).await;
    }
    let zones = reads::zones(&*cx.cloud).await?;
    let records = it.open_records();
    let mut done: Vec<HostedZone> = Vec::new();
    let mut missing = None;
    for record in &records {
        match address::zone_of(&zones, &record.name) {
            Ok(zone) if !done.contains(zone) => done.push(zone.clone()),
            Ok(_) => {}
            Err(why) => missing = missing.or(Some(why)),
        }
    }
    // What this account has no zone for is told at the end.
    if let Some(why) = missing.filter(|_| done.is_empty()) {
        return Err(Failure::NotWell(why));
    }
    for zone in done {
        let wanted = address::proving(&records, &zone);
        let put = dns::Wanted {
            what: format!("Put the record that proves {} into zone {}", it.domain, zone.name),
            confirm: None,
            ours: SafeText::default(),
        };
        dns::put(cx, &zone, wanted, &put, args.wait).await?;
    }
    let it = if args.wait { wait(cx, &arn).await? } else { it };
    answer(cx, &it).await
}

/// The one certificate of the region that waits for its proof.
async fn only_pending(cx: &Context) -> Answer<SafeText> {
    let mut all = reads::certificates(&*cx.cloud).await?;
    all.retain(|it| it.status == "PENDING_VALIDATION");
    match all.as_slice() {
        [one] => Ok(one.arn.clone()),
        [] => Err(Failure::Usage(
            "No certificate of this region waits for its proof; `bic-tui cert request NAME` requests one.".into(),
        )),
        many => {
            let arns: Vec<String> = many.iter().map(|it| format!("{} ({})", it.arn, it.domain)).collect();
            Err(Failure::Usage(format!(
                "{} certificates wait for their proof: name one of {}.",
                many.len(),
                arns.join(", ")
            )))
        }
    }
}
