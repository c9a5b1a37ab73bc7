//! Paging: follows tokens, but not for ever.

use std::future::Future;

use crate::core::fault::{Fault, FaultKind};

/// Most pages of one listing.
const MAX_PAGES: usize = 200;

/// All items of a listing. A listing that repeats its token or does not end is a fault: an answer is
/// whole or it is none.
pub(super) async fn all<T, F, R>(operation: &str, subject: &str, mut page: F) -> Result<Vec<T>, Fault>
where
    F: FnMut(Option<String>) -> R,
    R: Future<Output = Result<(Vec<T>, Option<String>), Fault>>,
{
    let mut all = Vec::new();
    let mut token = None;
    for _ in 0..MAX_PAGES {
        let (items, next) = page(token.clone()).await?;
        all.extend(items);
        match next.filter(|next| !next.is_empty()) {
            None => return Ok(all),
            Some(next) if Some(&next) == token.as_ref() => break,
            Some(next) => token = Some(next),
        }
    }
    Err(Fault::new(FaultKind::OddAnswer, operation, subject, "the listing does not end"))
}

/// A fault for an answer without the part that AWS always sends.
pub(super) fn missing(operation: &str, subject: &str, part: &str) -> Fault {
    Fault::new(FaultKind::OddAnswer, operation, subject, &format!("it has no {part}"))
}
