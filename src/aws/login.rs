//! Credentials, and how they are found anew after somebody has logged in again.
//!
//! The SDK keeps what it found until that ends, or for a quarter of an hour, and its sources keep what they read from
//! files. Neither knows that AWS has called it expired; so after that both are left, and made anew for the next request.

use std::{
    error::Error,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aws_config::{
    Region, SdkConfig, default_provider::credentials::DefaultCredentialsChain, profile::ProfileFileCredentialsProvider,
    provider_config::ProviderConfig,
};
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, future},
};
use aws_sdk_sts::config::{ConfigBag, IdentityCache, ResolveCachedIdentity, RuntimeComponents, SharedIdentityCache};
use aws_smithy_runtime_api::client::identity::{IdentityFuture, SharedIdentityResolver};

use super::sts;
use crate::core::{
    fault::{Fault, FaultKind},
    text::SafeText,
};

/// Where credentials come from.
pub(super) struct Source {
    /// What a provider in a region is made from: new each time, since it remembers the files that were read for it.
    pub(super) config: Box<dyn Fn(Option<Region>) -> ProviderConfig + Send + Sync>,
    /// Region, found already.
    pub(super) region: Option<Region>,
    /// This profile alone: keys in the environment belong to another account, perhaps. Else the chain that every AWS tool
    /// follows.
    pub(super) profile: Option<String>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("profile", &self.profile).finish_non_exhaustive()
    }
}

impl Source {
    /// A provider that has read nothing yet.
    async fn open(&self) -> SharedCredentialsProvider {
        let config = (self.config)(self.region.clone());
        if let Some(name) = &self.profile {
            let profile = ProfileFileCredentialsProvider::builder().configure(&config).profile_name(name);
            SharedCredentialsProvider::new(profile.build())
        } else {
            let chain = DefaultCredentialsChain::builder().configure(config);
            SharedCredentialsProvider::new(chain.region(self.region.clone()).build().await)
        }
    }
}

/// Credentials found before the screen is taken over, handed to whoever asks first; a helper that
/// talks to the terminal does so then. Later ones are read from their source again.
#[derive(Debug)]
pub(super) struct Held {
    first: Mutex<Option<Credentials>>,
    source: Source,
}

impl Held {
    pub(super) async fn new(source: Source, limit: Duration) -> Self {
        let find = async { source.open().await.provide_credentials().await };
        let found = tokio::time::timeout(limit, find).await;
        let first = Mutex::new(found.ok().and_then(Result::ok));
        Self { first, source }
    }
}

impl ProvideCredentials for Held {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let first = self.first.lock().ok().and_then(|mut first| first.take());
        match first {
            Some(first) => future::ProvideCredentials::ready(Ok(first)),
            None => future::ProvideCredentials::new(async { self.source.open().await.provide_credentials().await }),
        }
    }
}

/// Credentials that are not of the session's account, or not known to be: what takes the place of the fault of the request
/// that they were for.
#[derive(Debug)]
pub(super) struct Stranger(pub(super) Fault);

impl fmt::Display for Stranger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.detail)
    }
}

impl Error for Stranger {}

/// Whose the session is.
#[derive(Debug, Default)]
struct Owner {
    /// The account, once the session keeps to one.
    account: Option<SafeText>,
    /// Key id of the credentials that are known to be its.
    key: String,
    /// Key id of those with which was last asked whose they are.
    asked: String,
}

/// What all clients take for their identity, until AWS calls it expired. Once the session keeps to an account, what is
/// found anew is taken only if STS says that it is of that account: a profile may have been written over with another one.
#[derive(Debug, Clone)]
pub(super) struct Login {
    inner: Arc<Inner>,
    /// It is only asked whose the credentials are.
    is_of_anyone: bool,
}

#[derive(Debug)]
struct Inner {
    cache: RwLock<SharedIdentityCache>,
    /// Something has come out of it.
    is_used: AtomicBool,
    limit: Duration,
    owner: Mutex<Owner>,
    /// One at a time asks whose credentials are.
    turn: tokio::sync::Mutex<()>,
    /// How that is asked, with credentials of one's own.
    sts: OnceLock<aws_sdk_sts::Config>,
}

impl Login {
    /// `limit` is the longest that finding credentials may take in a request.
    pub(super) fn new(limit: Duration) -> Self {
        let inner = Inner {
            cache: RwLock::new(fresh(limit)),
            is_used: AtomicBool::new(false),
            limit,
            owner: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            sts: OnceLock::new(),
        };
        Self {
            inner: Arc::new(inner),
            is_of_anyone: false,
        }
    }

    /// What is in use has expired.
    pub(super) fn renew(&self) {
        // The many requests that fail at the same time leave it once.
        if self.inner.is_used.swap(false, Ordering::Relaxed) {
            *self.inner.cache.write().unwrap_or_else(PoisonError::into_inner) = fresh(self.inner.limit);
        }
    }

    /// The same, whosever the credentials are.
    pub(super) fn of_anyone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            is_of_anyone: true,
        }
    }

    /// The way to STS.
    pub(super) fn ask_through(&self, config: &SdkConfig) {
        // What stands in the shared one would ask this again.
        let own = aws_sdk_sts::config::Builder::from(config).identity_cache(IdentityCache::no_cache());
        let _ = self.inner.sts.set(own.build());
    }

    /// Only this account's credentials are taken from now on: those with which was asked are.
    pub(super) fn keep_to(&self, account: &SafeText) {
        let owner = &mut *self.inner.owner();
        owner.key.clone_from(&owner.asked);
        owner.account = Some(account.clone());
    }
}

impl Inner {
    fn owner(&self) -> MutexGuard<'_, Owner> {
        self.owner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Credentials that say of which account they are, as those of SSO and of roles do, are kept to from the first on.
    fn meet(&self, found: &Credentials) {
        let owner = &mut *self.owner();
        if let (None, Some(account)) = (&owner.account, found.account_id()) {
            owner.account = Some(account.as_str().into());
            found.access_key_id().clone_into(&mut owner.key);
        }
    }

    fn is_its_own(&self, key: &str) -> bool {
        let owner = self.owner();
        owner.account.is_none() || owner.key == key
    }

    /// Takes credentials of the session's account alone.
    async fn prove(&self, found: &Credentials) -> Result<(), Stranger> {
        let key = found.access_key_id();
        if self.is_its_own(key) {
            return Ok(());
        }
        let _turn = self.turn.lock().await;
        let Some(config) = self.sts.get().filter(|_| !self.is_its_own(key)) else {
            return Ok(());
        };
        let provider = SharedCredentialsProvider::new(found.clone());
        let client = aws_sdk_sts::Client::from_conf(config.to_builder().credentials_provider(provider).build());
        let identity = sts::identity(&client).await.map_err(unknown)?;
        let mut owner = self.owner();
        match &owner.account {
            Some(own) if *own != identity.account => {
                let why = format!(
                    "the credentials are of account {} now, and this was begun in {own}",
                    identity.account
                );
                Err(Stranger(Fault::new(FaultKind::OtherAccount, sts::OPERATION, "", &why)))
            }
            _ => {
                key.clone_into(&mut owner.key);
                Ok(())
            }
        }
    }
}

/// STS did not say whose they are.
fn unknown(fault: Fault) -> Stranger {
    let why = "whose the new credentials are is not known";
    let detail = match fault.detail.as_str() {
        "" => why.into(),
        detail => format!("{why}: {detail}").into(),
    };
    Stranger(Fault { detail, ..fault })
}

fn fresh(limit: Duration) -> SharedIdentityCache {
    IdentityCache::lazy().load_timeout(limit).build()
}

impl ResolveCachedIdentity for Login {
    fn resolve_cached_identity<'a>(
        &'a self,
        resolver: SharedIdentityResolver,
        components: &'a RuntimeComponents,
        config: &'a ConfigBag,
    ) -> IdentityFuture<'a> {
        let inner = &self.inner;
        let cache = inner.cache.read().unwrap_or_else(PoisonError::into_inner).clone();
        IdentityFuture::new(async move {
            let found = cache.resolve_cached_identity(resolver, components, config).await;
            inner.is_used.fetch_or(found.is_ok(), Ordering::Relaxed);
            let found = found?;
            match found.data::<Credentials>() {
                Some(credentials) if self.is_of_anyone => credentials.access_key_id().clone_into(&mut inner.owner().asked),
                Some(credentials) => {
                    inner.meet(credentials);
                    inner.prove(credentials).await?;
                }
                None => {}
            }
            Ok(found)
        })
    }
}
