//! The CloudWatch dashboard that the template makes: its name, and the address of its page in the AWS console.

use serde::Serialize;

use super::{
    fact::{Stack, StackResource},
    region::partition,
    text::SafeText,
};

/// Output of the template that names it.
pub const OUTPUT: &str = "DashboardName";

/// A dashboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dashboard {
    /// Its name.
    pub name: SafeText,
    /// Address of its page.
    pub url: SafeText,
}

/// The dashboard of a stack.
///
/// # Errors
/// Why there is none: one sentence without its stop.
pub fn of(stack: Option<&Stack>, resources: &[StackResource], region: &str) -> Result<Dashboard, String> {
    let Some(stack) = stack else {
        return Err("there is no stack, and so no dashboard".into());
    };
    let is_it = |r: &&StackResource| r.resource_type == "AWS::CloudWatch::Dashboard" && !r.physical_id.is_empty();
    let of_resource = || resources.iter().find(is_it).map(|r| &r.physical_id);
    let name = stack.output(OUTPUT).or_else(of_resource).filter(|name| !name.is_empty());
    match name {
        Some(name) => Ok(Dashboard {
            name: name.clone(),
            url: url(region, name).into(),
        }),
        None => Err(format!(
            "stack {} has no dashboard: an older template made it, or it is not complete; an update makes one",
            stack.name
        )),
    }
}

/// Each partition has a console of its own.
fn url(region: &str, name: &str) -> String {
    let host = match partition(region) {
        "aws-cn" => format!("{region}.console.amazonaws.cn"),
        "aws-us-gov" => format!("{region}.console.amazonaws-us-gov.com"),
        "aws-eusc" => format!("{region}.console.amazonaws-eusc.eu"),
        _ => format!("{region}.console.aws.amazon.com"),
    };
    format!(
        "https://{host}/cloudwatch/home?region={region}#dashboards/dashboard/{}",
        escaped(name)
    )
}

/// A dashboard's name has letters, digits, hyphens and underscores alone; whatever else came stays a part of the address.
fn escaped(name: &str) -> String {
    let byte = |b: u8| {
        let is_plain = b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if is_plain { char::from(b).to_string() } else { format!("%{b:02X}") }
    };
    name.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fact::{Output, ResourceStatus};

    fn stack(outputs: &[(&str, &str)]) -> Stack {
        let output = |(key, value): &(&str, &str)| Output {
            key: (*key).into(),
            value: (*value).into(),
            description: SafeText::default(),
        };
        Stack {
            outputs: outputs.iter().map(output).collect(),
            ..Stack::of_test("CREATE_COMPLETE")
        }
    }

    #[test]
    fn each_partition_has_its_own_console() {
        let stack = stack(&[(OUTPUT, "chat-x")]);
        for (region, want) in [
            (
                "us-west-2",
                "https://us-west-2.console.aws.amazon.com/cloudwatch/home?region=us-west-2#dashboards/dashboard/chat-x",
            ),
            (
                "cn-north-1",
                "https://cn-north-1.console.amazonaws.cn/cloudwatch/home?region=cn-north-1#dashboards/dashboard/chat-x",
            ),
            (
                "us-gov-west-1",
                "https://us-gov-west-1.console.amazonaws-us-gov.com/cloudwatch/home?region=us-gov-west-1#dashboards/dashboard/chat-x",
            ),
        ] {
            assert_eq!(of(Some(&stack), &[], region).unwrap().url, want);
        }
    }

    #[test]
    fn it_is_found_among_the_resources_and_a_stack_without_one_says_so() {
        let resource = StackResource {
            logical_id: "Dashboard".into(),
            physical_id: "a b&c".into(),
            resource_type: "AWS::CloudWatch::Dashboard".into(),
            status: ResourceStatus("CREATE_COMPLETE".into()),
            reason: SafeText::default(),
            at: 0,
        };
        let found = of(Some(&stack(&[])), &[resource], "us-west-2").unwrap();
        assert!(found.url.ends_with("/a%20b%26c"), "{}", found.url);
        assert!(of(Some(&stack(&[])), &[], "us-west-2").unwrap_err().contains("no dashboard"));
        assert!(of(None, &[], "us-west-2").unwrap_err().contains("no stack"));
    }
}
