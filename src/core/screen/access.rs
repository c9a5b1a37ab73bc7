//! What the Access screen remembers of name, certificate and throughput: what was asked, and what is followed to its end.

use strum::EnumIter;

use crate::{
    cloud::{Commitment, Purchase},
    core::{
        address::{self, Kind},
        fact::{Balancer, Certificate, CertificateBrief, CustomModel, DnsRecord, HostedZone, Millis, ProofRecord, Throughput},
        feed::Feed,
        field::TextField,
        model::Model,
        purchase::{self, Offer},
        text::SafeText,
    },
};

/// What was asked for this screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// The certificate in sight.
    Certificate,
    /// The certificates of the region.
    Certificates,
    /// The hosted zones.
    Zones,
    /// The load balancer.
    Balancer,
    /// What stands under the name of the application.
    Standing,
    /// What stands where the dialog would write.
    Before,
    /// How far a change of records has come.
    Change,
    /// Provisioned throughput.
    Throughputs,
    /// One that is being followed.
    Throughput,
    /// The account's own models.
    Customs,
}

/// A change of records on its way to the name servers.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// Its id.
    pub id: SafeText,
    /// The name that it is about.
    pub name: SafeText,
    /// It proves a certificate.
    pub is_proof: bool,
    /// `PENDING` or `INSYNC`; none before the first answer.
    pub status: Option<SafeText>,
    /// When it was sent, by the cloud's time.
    pub since: Millis,
    /// When it is asked after next, on the monotonic clock.
    pub due: u64,
    /// Number of the request in flight.
    pub awaiting: Option<u64>,
}

impl Way {
    /// All name servers have it.
    pub fn is_done(&self) -> bool {
        self.status.as_deref() == Some("INSYNC")
    }
}

/// The state.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Access {
    /// The certificate that was requested here.
    pub requested: Option<SafeText>,
    /// The certificate in sight.
    pub certificate: Feed<Option<Certificate>>,
    /// The certificates of the region.
    pub certificates: Feed<Vec<CertificateBrief>>,
    /// The hosted zones.
    pub zones: Feed<Vec<HostedZone>>,
    /// The load balancer.
    pub balancer: Feed<Option<Balancer>>,
    /// The name of the application, and what stands under it.
    pub standing: Feed<(SafeText, Vec<DnsRecord>)>,
    /// The last change of records.
    pub way: Option<Way>,
    /// Provisioned throughput.
    pub throughputs: Feed<Vec<Throughput>>,
    /// ARN of the one that was bought here and is followed.
    pub bought: Option<SafeText>,
    /// The account's own models.
    pub customs: Feed<Vec<CustomModel>>,
}

impl Access {
    /// The certificate, where one is known.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.get().and_then(Option::as_ref)
    }

    /// Provisioned throughput, as far as it is known.
    pub fn throughputs(&self) -> &[Throughput] {
        self.throughputs.get().map(Vec::as_slice).unwrap_or_default()
    }
}

/// ARN of the certificate that the stack has.
pub fn certificate_of_stack(model: &Model) -> Option<SafeText> {
    let arn = model.parameters().remove("ACMCertificateArn").filter(|arn| !arn.is_empty())?;
    model.live_stack().map(|_| arn.into())
}

/// ARN of the certificate in sight: the stack's, else the one requested here, else one of the region for the name.
pub fn certificate_in_sight(model: &Model) -> Option<SafeText> {
    certificate_of_stack(model).or_else(|| model.access.requested.clone()).or_else(|| {
        let host = host(model)?;
        let all = model.access.certificates.get()?;
        // One that is issued before one that waits.
        let mut fit: Vec<&CertificateBrief> = all.iter().filter(|it| crate::core::fact::covers(&it.names, &host)).collect();
        fit.sort_by_key(|it| it.status != "ISSUED");
        fit.first().map(|it| it.arn.clone())
    })
}

/// The name that people know the application by: `DomainName`, or the host of its address where that is not the load
/// balancer's own name.
pub fn host(model: &Model) -> Option<SafeText> {
    let domain = model.parameters().remove("DomainName").filter(|name| !name.is_empty());
    let of_url = || {
        let url = model.app_url()?;
        let host = address::host_of(&url).to_owned();
        let is_name = address::host(&host, false).is_ok();
        (is_name && !address::is_balancer_name(&host)).then_some(host)
    };
    domain.or_else(of_url).map(SafeText::from)
}

/// The load balancer's own name.
pub fn balancer_name(model: &Model) -> Option<SafeText> {
    model.live_stack()?.output("ALBDNSName").cloned()
}

/// ARN of the load balancer.
pub fn balancer_arn(model: &Model) -> Option<SafeText> {
    let resources = model.feeds.resources.get()?;
    let kind = "AWS::ElasticLoadBalancingV2::LoadBalancer";
    let found = resources.iter().find(|r| r.resource_type == kind && !r.physical_id.is_empty());
    found.map(|r| r.physical_id.clone())
}

/// What the dialog of records writes.
#[derive(Debug, Clone, PartialEq)]
pub enum Purpose {
    /// A name that leads to the load balancer.
    Lead,
    /// What proves a certificate.
    Prove(Vec<ProofRecord>),
}

/// The dialog of records: zone, name, and how it leads.
#[derive(Debug, Clone, PartialEq)]
pub struct DnsDialog {
    /// What for.
    pub purpose: Purpose,
    /// The name; that of the first record where a certificate is proven.
    pub name: TextField,
    /// CNAME or alias.
    pub kind: Kind,
    /// The zone under the cursor, of those ranked for the name.
    pub zone: usize,
    /// What is wrong.
    pub error: Option<SafeText>,
    /// Number of the request for what stands there.
    pub awaiting: Option<u64>,
}

impl DnsDialog {
    /// The zones, best first.
    pub fn ranked<'a>(&self, zones: &'a [HostedZone]) -> Vec<&'a HostedZone> {
        address::ranked(zones, self.name.text().trim().trim_end_matches('.'))
    }

    /// The zone under the cursor.
    pub fn chosen<'a>(&self, zones: &'a [HostedZone]) -> Option<&'a HostedZone> {
        self.ranked(zones).get(self.zone).copied()
    }
}

/// The fields of a purchase, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumIter)]
pub enum Row {
    /// Which model.
    #[default]
    Model,
    /// How many units.
    Units,
    /// Bound for how long.
    Commitment,
    /// Its name.
    Name,
}

/// The dialog of a purchase.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BuyDialog {
    /// The field that has the focus.
    pub row: Row,
    /// The model, of those that are offered.
    pub model: usize,
    /// Model units.
    pub units: i32,
    /// Commitment.
    pub commitment: Commitment,
    /// Its name.
    pub name: TextField,
    /// What is wrong.
    pub error: Option<SafeText>,
}

/// What can be bought here and now.
pub fn offers(model: &Model) -> Vec<Offer> {
    let customs = model.access.customs.get().map(Vec::as_slice).unwrap_or_default();
    let reach = model.reach();
    let placed = |why: Option<String>| why.map(|why| reach.placed(&why));
    let all = purchase::offers(customs, &model.about.region, model.now.wall).into_iter();
    let reached = all.map(|it| Offer {
        refusal: placed(it.refusal),
        warning: placed(it.warning),
        ..it
    });
    reached.collect()
}

impl BuyDialog {
    /// The purchase, and what it is of.
    pub fn wanted(&self, offers: &[Offer]) -> Option<(Purchase, Offer)> {
        let offer = offers.get(self.model)?;
        let wanted = Purchase {
            name: self.name.text().trim().into(),
            model: offer.model.clone(),
            units: self.units,
            commitment: self.commitment,
        };
        Some((wanted, offer.clone()))
    }
}
