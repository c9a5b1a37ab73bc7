//! The scenes as profiles of the simulated world.

use std::sync::Arc;

use futures::{FutureExt, future::BoxFuture};

use super::{RealClock, Scene, Sim, scenes};
use crate::{
    cloud::Cloud,
    core::{
        fault::{Fault, FaultKind},
        place::Place,
        settings::Settings,
        text::SafeText,
    },
    places::{Places, Session},
};

/// Other scenes, at the same speed.
pub struct Scenes {
    /// How much faster than the wall clock.
    pub speed: u32,
    /// The stack that each of them is looked at for.
    pub stack: SafeText,
}

impl Places for Scenes {
    fn profiles(&self) -> BoxFuture<'static, Result<Vec<SafeText>, Fault>> {
        async { Ok(scenes().iter().map(|s| s.name.into()).collect()) }.boxed()
    }

    fn go(&self, place: Place, here: Session) -> BoxFuture<'static, Result<Session, Fault>> {
        let (speed, own) = (self.speed, self.stack.clone());
        let region = here.cloud.about().region;
        let elsewhere = place.region.filter(|wanted| *wanted != region);
        async move {
            let refused = |why: &str| Fault::new(FaultKind::Guarded, "connect", "", why);
            if elsewhere.is_some() {
                return Err(refused(&format!("this account is in {region} alone")));
            }
            let cloud: Arc<dyn Cloud> = match &place.profile {
                Some(name) => {
                    let scene = Scene::named(name).map_err(|why| refused(&why))?.in_region(Some(region.to_string()));
                    // A world lives through its past when it is made.
                    let made = tokio::task::spawn_blocking(move || Sim::new(&scene, speed, Arc::new(RealClock::default())));
                    Arc::new(made.await.map_err(|_| refused("the scene could not be played"))?)
                }
                None => here.cloud,
            };
            let present = if place.profile.is_some() { own } else { here.settings.stack };
            let stack = place.stack.unwrap_or(present);
            let settings = Settings {
                stack,
                armed: false,
                ..here.settings
            };
            let places = here.places;
            Ok(Session { cloud, settings, places })
        }
        .boxed()
    }
}
