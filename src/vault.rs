//! The one place that holds secret values: filled by the runtime, read by the reveal panel and the
//! clipboard, emptied on every occasion. Messages carry names only.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::core::secret::{SecretRef, SecretText};

/// Values by name.
#[derive(Debug, Default)]
pub struct Vault(Mutex<BTreeMap<SecretRef, Arc<SecretText>>>);

impl Vault {
    /// Keeps a value.
    pub fn put(&self, name: SecretRef, value: Arc<SecretText>) {
        self.lock().insert(name, value);
    }

    /// The value, if it is there.
    pub fn get(&self, name: &SecretRef) -> Option<Arc<SecretText>> {
        self.lock().get(name).cloned()
    }

    /// Forgets everything; the values are wiped when the last user lets go.
    pub fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<SecretRef, Arc<SecretText>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
