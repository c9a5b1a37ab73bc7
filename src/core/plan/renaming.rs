//! What another `ProjectName` does to a stack that lives: most of its resources have their names from it, and a
//! resource gets another name only by being made anew.

use std::collections::BTreeMap;

use crate::core::template::Resource;

/// The parameter.
const PROJECT: &str = "ProjectName";

/// What it comes to for people, whatever else a plan loses.
pub const COMES_TO: &str = "new address and LiteLLM key, all signed out, and no secret holds the administrator's password";

/// The project's name before and after, where it would get another.
pub fn renaming<'a, 'b>(before: &'a BTreeMap<String, String>, after: &'b BTreeMap<String, String>) -> Option<(&'a str, &'b str)> {
    let (from, to) = (before.get(PROJECT)?, after.get(PROJECT)?);
    (from != to).then_some((from, to))
}

/// The resources whose own name would be another: those are replaced, and with them what hangs on them.
pub fn renamed<'a>(before: &[Resource], after: &'a [Resource]) -> Vec<&'a Resource> {
    let names = |it: &Resource| -> Vec<String> {
        let own = it.properties.as_object().into_iter().flatten();
        let own = own.filter(|(key, _)| key.ends_with("Name") || *key == "Family");
        own.filter_map(|(_, value)| value.as_str().map(str::to_owned)).collect()
    };
    let is_renamed = |it: &&Resource| {
        let old = before.iter().find(|old| old.logical_id == it.logical_id);
        old.is_some_and(|old| names(old) != names(it))
    };
    after.iter().filter(is_renamed).collect()
}
