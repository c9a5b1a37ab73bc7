//! Other places that a console can go to: the edge that builds a session for another profile, region or stack.

use std::sync::Arc;

use futures::{FutureExt, future::BoxFuture};

use crate::{
    aws::{self, AwsOptions},
    cli::Common,
    cloud::Cloud,
    config,
    core::{
        fault::{Fault, FaultKind},
        place::Place,
        settings::Settings,
        text::SafeText,
    },
};

/// A cloud with the settings of its profile, and the way to the next one.
#[derive(Clone)]
pub struct Session {
    /// The cloud.
    pub cloud: Arc<dyn Cloud>,
    /// Settings.
    pub settings: Settings,
    /// Where the console can go from here.
    pub places: Arc<dyn Places>,
}

/// Where a console can go.
pub trait Places: Send + Sync + 'static {
    /// Names of the profiles that there are.
    fn profiles(&self) -> BoxFuture<'static, Result<Vec<SafeText>, Fault>>;

    /// Builds the session of a place; `here` is the one that is left.
    fn go(&self, place: Place, here: Session) -> BoxFuture<'static, Result<Session, Fault>>;
}

/// No other place can be reached, and why.
pub struct Nowhere(pub &'static str);

impl Nowhere {
    fn fault(&self) -> Fault {
        Fault::new(FaultKind::Guarded, "connect", "", self.0)
    }
}

impl Places for Nowhere {
    fn profiles(&self) -> BoxFuture<'static, Result<Vec<SafeText>, Fault>> {
        futures::future::ready(Err(self.fault())).boxed()
    }

    fn go(&self, _: Place, _: Session) -> BoxFuture<'static, Result<Session, Fault>> {
        futures::future::ready(Err(self.fault())).boxed()
    }
}

/// Places of AWS: the command line that the console was started with, with another word here and there.
pub struct AwsPlaces {
    /// The command line at the start: its stack goes with every profile.
    started: Common,
    flags: Common,
}

impl AwsPlaces {
    /// From the command line.
    pub fn new(flags: Common) -> Self {
        // What was armed was the profile that it was started with.
        let flags = Common { arm: None, ..flags };
        Self {
            started: flags.clone(),
            flags,
        }
    }
}

impl Places for AwsPlaces {
    fn profiles(&self) -> BoxFuture<'static, Result<Vec<SafeText>, Fault>> {
        aws::profiles().boxed()
    }

    fn go(&self, place: Place, here: Session) -> BoxFuture<'static, Result<Session, Fault>> {
        let (before, started) = (self.flags.clone(), self.started.clone());
        let word = |it: Option<SafeText>| it.map(|text| text.to_string());
        let is_same_account = place.profile.is_none() && place.region.is_none();
        let present = here.cloud.about().region.to_string();
        // With another profile go its own region and its own stack.
        let flags = match word(place.profile) {
            Some(profile) => Common {
                profile: Some(profile),
                region: None,
                stack: started.stack.clone(),
                ..before
            },
            None => Common {
                region: word(place.region).or(before.region.clone()),
                stack: Some(word(place.stack).unwrap_or_else(|| here.settings.stack.to_string())),
                ..before
            },
        };
        async move {
            let config = config::load(&flags, &|name| std::env::var(name).ok(), Some(config::DEFAULT_PROFILE));
            let config = config.map_err(|e| refused(&e.to_string()))?;
            let cloud: Arc<dyn Cloud> = if is_same_account {
                here.cloud
            } else {
                Arc::new(connect(&flags, &config, &present).await?)
            };
            Ok(Session {
                cloud,
                settings: config.settings,
                places: Arc::new(Self { started, flags }),
            })
        }
        .boxed()
    }
}

/// A profile without a region of its own is looked at in the present one.
async fn connect(flags: &Common, config: &config::Config, present: &str) -> Result<aws::Aws, Fault> {
    let options = |region: Option<String>| AwsOptions {
        profile: config.profile.clone(),
        region,
        endpoint_url: flags.endpoint_url.clone(),
        ..AwsOptions::default()
    };
    let region = config.region.clone().or(aws::region(&options(None)).await);
    aws::connect(options(region.or_else(|| Some(present.to_owned())))).await
}

fn refused(why: &str) -> Fault {
    Fault::new(FaultKind::Guarded, "connect", "", why)
}
