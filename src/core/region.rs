//! AWS regions by name: what may be one, and which are known.

use super::{nearest, text::SafeText};

/// Regions in use in November 2026, by name.
pub const REGIONS: [&str; 39] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eusc-de-east-1",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// The points of the compass that names of regions have.
const SIDES: [&str; 9] = [
    "north",
    "south",
    "east",
    "west",
    "central",
    "northeast",
    "northwest",
    "southeast",
    "southwest",
];

/// Refuses what can be no region. One that is not known here but has the form of one passes: AWS opens
/// new ones, some of them in areas that have one already.
///
/// # Errors
/// A sentence with the nearest name, no final stop of its own.
pub fn check(name: &str) -> Result<(), String> {
    if REGIONS.contains(&name) || is_like_one(name) {
        return Ok(());
    }
    Err(match nearest::nearest(name, REGIONS) {
        Some(near) => format!("there is no region \"{name}\"; did you mean \"{near}\"?"),
        None => format!("there is no region \"{name}\"; a region is named like us-west-2"),
    })
}

/// Refuses what can stand in no host name, where an endpoint other than AWS gives regions its own names.
///
/// # Errors
/// A sentence, no final stop of its own.
pub fn check_label(name: &str) -> Result<(), String> {
    let is_inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let is_label = (1..=63).contains(&name.len()) && name.bytes().all(is_inner) && !name.starts_with('-') && !name.ends_with('-');
    if is_label {
        return Ok(());
    }
    Err(format!(
        "\"{}\" can be no region: letters, digits and hyphens, 63 at most; a region is named like us-west-2",
        SafeText::new(name)
    ))
}

/// What ARNs of a region begin with after `arn:`. A region that is not named is taken to be of the common one.
pub fn partition(name: &str) -> &'static str {
    const OTHERS: [(&str, &str); 3] = [("us-gov-", "aws-us-gov"), ("cn-", "aws-cn"), ("eusc-", "aws-eusc")];
    let other = OTHERS.iter().find(|(area, _)| name.starts_with(area));
    other.map_or("aws", |(_, partition)| partition)
}

/// An area that is known, a side and a number: `eu-west-9`.
fn is_like_one(name: &str) -> bool {
    let is_known = |area: &str| REGIONS.iter().any(|r| r.rsplitn(3, '-').nth(2) == Some(area));
    let mut parts = name.rsplitn(3, '-');
    let (number, side, area) = (parts.next(), parts.next(), parts.next());
    number.is_some_and(|n| n.len() == 1 && n != "0" && n.bytes().all(|b| b.is_ascii_digit()))
        && side.is_some_and(|s| SIDES.contains(&s))
        && area.is_some_and(is_known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_no_region_is_refused_with_the_nearest() {
        for (name, want) in [
            ("us-west-2", None),
            ("us-west-3", None),
            ("us-gov-east-2", None),
            ("us-wst-2", Some("did you mean \"us-west-2\"?")),
            ("uswest2", Some("did you mean \"us-west-2\"?")),
            ("US-WEST-2", Some("did you mean \"us-west-2\"?")),
            ("us-west-0", Some("us-west-1")),
            ("us-west-22", Some("us-west-2")),
            ("xx-west-1", Some("did you mean")),
            ("oregon", Some("named like us-west-2")),
            ("", Some("named like us-west-2")),
        ] {
            match want {
                None => assert_eq!(check(name), Ok(())),
                Some(words) => assert!(check(name).unwrap_err().contains(words), "{name}: {:?}", check(name)),
            }
        }
    }

    #[test]
    fn anywhere_a_region_is_a_part_of_a_host_name() {
        for name in ["us-west-2", "local", "x"] {
            assert_eq!(check_label(name), Ok(()));
        }
        for name in ["us west", "", "-x", "x-", "eu.west", "région", "a/b", "x\n", &"a".repeat(64)] {
            let why = check_label(name).unwrap_err();
            assert!(why.contains("can be no region") && why.contains("us-west-2"), "{why}");
        }
    }

    #[test]
    fn partitions_follow_the_area() {
        for (name, want) in [
            ("us-west-2", "aws"),
            ("us-gov-west-1", "aws-us-gov"),
            ("cn-northwest-1", "aws-cn"),
            ("eusc-de-east-1", "aws-eusc"),
            ("eu-central-1", "aws"),
            ("*", "aws"),
        ] {
            assert_eq!(partition(name), want, "{name}");
        }
    }

    #[test]
    fn each_known_region_has_the_form_of_one() {
        assert!(REGIONS.is_sorted());
        assert_eq!(REGIONS.iter().find(|r| !is_like_one(r)), None);
    }
}
