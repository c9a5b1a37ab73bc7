//! Where a console looks: profile, region and stack; and the picker that goes elsewhere.

use super::{fact::StackBrief, fault::Fault, field::TextField, region, settings::Settings, text::SafeText};
use crate::cloud::About;

/// Where to go. What is `None` stays as it is; with another profile, region and stack are that profile's own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// AWS profile.
    pub profile: Option<SafeText>,
    /// Region.
    pub region: Option<SafeText>,
    /// Stack name.
    pub stack: Option<SafeText>,
}

/// A session that has been built, as the core knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// What is known without asking.
    pub about: About,
    /// Settings of that profile.
    pub settings: Settings,
    /// The cloud's time, milliseconds since 1970.
    pub wall: super::fact::Millis,
}

/// What is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, strum::Display, strum::EnumIter)]
pub enum Aspect {
    /// The AWS profile.
    #[default]
    Profile,
    /// The region.
    Region,
    /// The stack.
    Stack,
}

/// A list that is asked for when the picker opens: not there yet, there, or refused.
pub type Asked<T> = Option<Result<Vec<T>, Fault>>;

/// The picker.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Picker {
    /// What is chosen.
    pub aspect: Aspect,
    /// What has been typed: part of a name, or a whole name.
    pub field: TextField,
    /// Row under the cursor.
    pub selected: usize,
    /// Profiles of the AWS files.
    pub profiles: Asked<SafeText>,
    /// Stacks of this account and region.
    pub stacks: Asked<StackBrief>,
    /// Number of the request that builds the new session.
    pub going: Option<u64>,
    /// Why the last one could not be built.
    pub error: Option<SafeText>,
}

/// A row of the picker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: SafeText,
    /// What is known of it.
    pub about: SafeText,
    /// It is where the console looks now.
    pub is_here: bool,
}

impl Picker {
    /// The rows that match what was typed, the present one first, then the application's own; and a name that
    /// was typed whole, where it may be one.
    pub fn rows(&self, about: &About, settings: &Settings) -> Vec<Row> {
        let row = |name: &str, about: &str, here: &str| Row {
            name: name.into(),
            about: about.into(),
            is_here: name == here,
        };
        let mut rows: Vec<Row> = match self.aspect {
            Aspect::Profile => {
                let known = listed(self.profiles.as_ref()).iter().map(|name| row(name, "", &about.profile));
                known.collect()
            }
            Aspect::Region => region::REGIONS.iter().map(|name| row(name, "", &about.region)).collect(),
            Aspect::Stack => {
                let mut stacks: Vec<&StackBrief> = listed(self.stacks.as_ref()).iter().collect();
                stacks.sort_by_key(|s| !s.is_ours);
                let words = |s: &StackBrief| format!("{}{}", s.status.0, if s.is_ours { ", this application" } else { "" });
                stacks.iter().map(|s| row(&s.name, &words(s), &settings.stack)).collect()
            }
        };
        let here = match self.aspect {
            Aspect::Profile => &about.profile,
            Aspect::Region => &about.region,
            Aspect::Stack => &settings.stack,
        };
        if !rows.iter().any(|r| r.is_here) {
            rows.insert(0, row(here, "", here));
        }
        rows.sort_by_key(|r| !r.is_here);
        let typed = self.field.text().trim();
        rows.retain(|r| r.name.to_lowercase().contains(&typed.to_lowercase()));
        if self.may_be(typed) && rows.iter().all(|r| r.name != *typed) {
            rows.push(row(typed, "as typed", here));
        }
        rows
    }

    /// A profile is one that there is; regions and stacks may be others than those that are listed.
    fn may_be(&self, typed: &str) -> bool {
        match self.aspect {
            Aspect::Profile => false,
            Aspect::Region => region::check(typed).is_ok(),
            Aspect::Stack => is_stack_name(typed),
        }
    }

    /// Where a row leads.
    pub fn place(&self, row: &Row) -> Place {
        let name = Some(row.name.clone());
        match self.aspect {
            Aspect::Profile => Place {
                profile: name,
                ..Place::default()
            },
            Aspect::Region => Place {
                region: name,
                ..Place::default()
            },
            Aspect::Stack => Place {
                stack: name,
                ..Place::default()
            },
        }
    }

    /// Why the list is not whole.
    pub fn fault(&self) -> Option<&Fault> {
        match self.aspect {
            Aspect::Profile => self.profiles.as_ref()?.as_ref().err(),
            Aspect::Region => None,
            Aspect::Stack => self.stacks.as_ref()?.as_ref().err(),
        }
    }

    /// The list has not come yet.
    pub fn is_asking(&self) -> bool {
        match self.aspect {
            Aspect::Profile => self.profiles.is_none(),
            Aspect::Region => false,
            Aspect::Stack => self.stacks.is_none(),
        }
    }
}

fn listed<T>(asked: Option<&Result<Vec<T>, Fault>>) -> &[T] {
    asked.and_then(|it| it.as_ref().ok()).map_or(&[], Vec::as_slice)
}

/// CloudFormation's rule: a letter, then letters, digits and hyphens, 128 at most.
pub fn is_stack_name(name: &str) -> bool {
    name.len() <= 128 && name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::fact::StackStatus;

    fn rows(picker: &Picker) -> Vec<String> {
        let about = About::of_ops();
        let rows = picker.rows(&about, &Settings::default());
        rows.iter()
            .map(|r| format!("{}{}", r.name, if r.is_here { "*" } else { "" }))
            .collect()
    }

    fn typed(aspect: Aspect, text: &str) -> Picker {
        let brief = |name: &str, is_ours| StackBrief {
            name: name.into(),
            status: StackStatus("CREATE_COMPLETE".into()),
            is_ours,
        };
        Picker {
            aspect,
            field: TextField::with(text),
            profiles: Some(Ok(vec!["default".into(), "ops".into()])),
            stacks: Some(Ok(vec![brief("other", false), brief("images", true)])),
            ..Picker::default()
        }
    }

    #[test]
    fn the_present_one_is_first_and_what_is_typed_may_be_a_name() {
        for (aspect, text, want) in [
            (Aspect::Profile, "", &["ops*", "default"][..]),
            (Aspect::Profile, "def", &["default"]),
            (Aspect::Profile, "nobody", &[]),
            (Aspect::Region, "us-west", &["us-west-2*", "us-west-1"]),
            (Aspect::Region, "eu-west-9", &["eu-west-9"]),
            (Aspect::Region, "eu-wst-9", &[]),
            (Aspect::Stack, "", &["bedrock-image-chat*", "images", "other"]),
            (Aspect::Stack, "chat-2", &["chat-2"]),
            (Aspect::Stack, "no name", &[]),
        ] {
            assert_eq!(rows(&typed(aspect, text)), want, "{aspect} {text}");
        }
    }
}
