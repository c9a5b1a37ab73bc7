//! Credentials, and how they are found anew after somebody has logged in again.
//!
//! The SDK keeps what it found until that ends, or for a quarter of an hour, and its sources keep what they read from
//! files. Neither knows that AWS has called it expired; so after that both are left, and made anew for the next request.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aws_config::{
    Region, default_provider::credentials::DefaultCredentialsChain, profile::ProfileFileCredentialsProvider,
    provider_config::ProviderConfig,
};
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, future},
};
use aws_sdk_sts::config::{ConfigBag, IdentityCache, ResolveCachedIdentity, RuntimeComponents, SharedIdentityCache};
use aws_smithy_runtime_api::client::identity::{IdentityFuture, SharedIdentityResolver};

/// Where credentials come from.
#[derive(Clone)]
pub(super) struct Source {
    /// What a provider is made from.
    pub(super) config: ProviderConfig,
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
        if let Some(name) = &self.profile {
            let profile = ProfileFileCredentialsProvider::builder().configure(&self.config).profile_name(name);
            SharedCredentialsProvider::new(profile.build())
        } else {
            let chain = DefaultCredentialsChain::builder().configure(self.config.clone());
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

/// What all clients take for their identity, until AWS calls it expired.
#[derive(Debug, Clone)]
pub(super) struct Login(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    cache: RwLock<SharedIdentityCache>,
    /// Something has come out of it.
    is_used: AtomicBool,
    limit: Duration,
}

impl Login {
    /// `limit` is the longest that finding credentials may take in a request.
    pub(super) fn new(limit: Duration) -> Self {
        Self(Arc::new(Inner {
            cache: RwLock::new(fresh(limit)),
            is_used: AtomicBool::new(false),
            limit,
        }))
    }

    /// What is in use has expired.
    pub(super) fn renew(&self) {
        // The many requests that fail at the same time leave it once.
        if self.0.is_used.swap(false, Ordering::Relaxed) {
            *self.0.cache.write().unwrap_or_else(PoisonError::into_inner) = fresh(self.0.limit);
        }
    }
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
        let cache = self.0.cache.read().unwrap_or_else(PoisonError::into_inner).clone();
        IdentityFuture::new(async move {
            let found = cache.resolve_cached_identity(resolver, components, config).await;
            self.0.is_used.fetch_or(found.is_ok(), Ordering::Relaxed);
            found
        })
    }
}
