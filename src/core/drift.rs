//! Desired counts that the stack's template does not know, set by hand or by sleep, and what a plan makes of them.

use super::{
    cost::{self, CostModel},
    fact::{ChangeAction, ResourceChange, Service},
    model::Model,
    names::{App, Names},
    screen::deploy::Plan,
    sleep,
    template::Resource,
    text::SafeText,
};

/// What a plan starts from, and comes to.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The services as they are.
    pub services: &'a [Service],
    /// Names of the application.
    pub names: &'a Names,
    /// What the template makes of the stack as it is.
    pub before: &'a [Resource],
    /// What it makes of the plan.
    pub after: &'a [Resource],
    /// What the plan changes.
    pub changes: &'a [ResourceChange],
    /// What tasks cost.
    pub cost: &'a CostModel,
}

/// A service whose count is another than its template's.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// Which, for people.
    pub service: SafeText,
    /// How many tasks it wants now.
    pub count: i32,
    /// It was put to sleep.
    pub sleeps: bool,
    /// The count that the plan sets, and what that adds to the bill, in US dollars an hour; `None` where the plan does not
    /// touch the service.
    pub set: Option<(i32, f64)>,
}

impl Ground<'_> {
    /// The services that run another count than their template wants, in its order; none where the plan asks for that count.
    pub fn drifts(&self) -> Vec<Drift> {
        cost::services(self.before).filter_map(|s| self.drift(s)).collect()
    }

    fn drift(&self, before: &Resource) -> Option<Drift> {
        let (name, usual) = cost::wanted(before)?;
        let service = self.services.iter().find(|s| s.name == name && s.desired != usual)?;
        let after = self.after.iter().find(|r| r.logical_id == before.logical_id)?;
        let (_, to) = cost::wanted(after)?;
        // CloudFormation writes every property of a service that it changes, the count among them.
        let sets = |c: &ResourceChange| matches!(c.action, ChangeAction::Modify | ChangeAction::Dynamic);
        let is_touched = self.changes.iter().any(|c| c.logical_id == before.logical_id && sets(c));
        if is_touched && service.desired == to {
            return None;
        }
        let usd_hour = || self.cost.tasks_hour(self.after, self.names, &name, to - service.desired);
        Some(Drift {
            service: self.names.app(&name).map_or(name.clone(), |app: App| app.title().into()),
            count: service.desired,
            sleeps: sleep::sleeps(service),
            set: is_touched.then(|| (to, usd_hour().unwrap_or_default())),
        })
    }
}

impl Drift {
    /// What the plan does to it: a sentence without its stop.
    pub fn sentence(&self) -> String {
        let Self {
            service,
            count,
            sleeps,
            set,
        } = self;
        let was = format!("{service} was set to {count} by hand");
        match (sleeps, set) {
            (true, Some((to, usd_hour))) => format!(
                "wakes {service}: it is asleep, and this plan sets it to {to} ({})",
                cost::difference(*usd_hour)
            ),
            (true, None) => format!("{service} is asleep and stays at 0: the plan does not touch it"),
            (false, Some((to, usd_hour))) => format!("{was}: this plan sets it back to {to} ({})", cost::difference(*usd_hour)),
            (false, None) => format!("{was} and stays at {count}: the plan does not touch it"),
        }
    }
}

/// The same of the plan on the screen.
pub fn of_plan(model: &Model, plan: &Plan) -> Vec<Drift> {
    if plan.is_create {
        return Vec::new();
    }
    Ground {
        services: model.feeds.services.get().map(Vec::as_slice).unwrap_or_default(),
        names: &model.names(),
        before: &model.resources,
        after: &model.template.resources(&plan.values, &model.pseudo()),
        changes: &plan.change_set.changes,
        cost: &model.cost,
    }
    .drifts()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{
        fact::Replacement,
        template::{Pseudo, Template},
    };

    fn resources(size: &str) -> Vec<Resource> {
        let template = Template::shipped();
        let given = [("DeploymentSize".to_owned(), size.to_owned())].into();
        let pseudo = Pseudo {
            region: "us-west-2".into(),
            account: "111122223333".into(),
            stack_name: "bedrock-image-chat".into(),
        };
        template.resources(&template.values(&given), &pseudo)
    }

    /// What is said of one service with so many tasks, of a plan that touches what is named.
    fn told(service: &Service, size: &str, touched: &[&str]) -> Vec<String> {
        let change = |id: &&str| ResourceChange {
            action: ChangeAction::Modify,
            logical_id: (*id).into(),
            physical_id: SafeText::default(),
            resource_type: "AWS::ECS::Service".into(),
            replacement: Replacement::Never,
            fate: None,
            properties: Vec::new(),
        };
        let changes: Vec<ResourceChange> = touched.iter().map(change).collect();
        let ground = Ground {
            services: std::slice::from_ref(service),
            names: &Names::new("bedrock-image-chat"),
            before: &resources("small"),
            after: &resources(size),
            changes: &changes,
            cost: &CostModel::shipped("us-west-2"),
        };
        ground.drifts().iter().map(Drift::sentence).collect()
    }

    #[test]
    fn only_what_the_plan_touches_is_set_back() {
        let (all, other) = (["LiteLLMService", "OpenWebUIService"], ["OpenWebUIService"]);
        let of = |count: i32, tags: &[(&str, &str)]| Service {
            tags: tags.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            ..Service::known_as("bedrock-image-chat-litellm", count)
        };
        let awake = of(3, &[]);
        let back = told(&awake, "small", &all);
        assert!(
            back[0].starts_with("LiteLLM was set to 3 by hand: this plan sets it back to 1 (about $") && back[0].contains("/h less, $"),
            "{back:?}"
        );
        assert_eq!(
            told(&awake, "small", &other),
            ["LiteLLM was set to 3 by hand and stays at 3: the plan does not touch it"]
        );
        let asleep = of(0, &[(sleep::SAVED_COUNT, "1")]);
        let wakes = told(&asleep, "small", &all);
        assert!(
            wakes[0].starts_with("wakes LiteLLM: it is asleep, and this plan sets it to 1 (about $") && wakes[0].contains("/h more, $"),
            "{wakes:?}"
        );
        assert_eq!(
            told(&asleep, "small", &other),
            ["LiteLLM is asleep and stays at 0: the plan does not touch it"]
        );
        assert!(told(&of(0, &[]), "small", &all)[0].starts_with("LiteLLM was set to 0 by hand"));
        assert!(told(&of(1, &[]), "small", &all).is_empty(), "the template's count");
    }

    #[test]
    fn what_the_plan_itself_asks_for_is_no_drift() {
        let told = |count| {
            let webui = Service::known_as("bedrock-image-chat-openwebui", count);
            told(&webui, "medium", &["OpenWebUIService"])
        };
        assert!(told(1).is_empty(), "{:?}", told(1));
        assert!(told(2).is_empty(), "{:?}", told(2));
        assert!(told(3)[0].contains("sets it back to 2"), "{:?}", told(3));
    }
}
