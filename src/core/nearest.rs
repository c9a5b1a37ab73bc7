//! The nearest valid name to one that was mistyped.

/// The candidate nearest to `word`, when one is near enough to be meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let limit = (word.chars().count() / 3).max(2);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `; did you mean "x"?` or, when nothing is near, the list of what there is.
pub fn hint<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let all: Vec<&str> = candidates.into_iter().collect();
    match nearest(word, all.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None if all.is_empty() => "there is none".to_owned(),
        None if all.len() == 1 => format!("there is {}", all[0]),
        None => format!("there are {}", all.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_there_is_none_that_is_said() {
        assert_eq!(hint("a", []), "there is none");
    }

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let names = ["stack", "region", "DeploymentSize"];
        for (word, want) in [
            ("stak", Some("stack")),
            ("regoin", Some("region")),
            ("deploymentsize", Some("DeploymentSize")),
            ("colour", None),
        ] {
            assert_eq!(nearest(word, names), want, "{word}");
        }
        assert_eq!(hint("colour", names), "there are stack, region, DeploymentSize");
    }
}
