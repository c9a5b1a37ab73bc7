//! What it means in the account that CloudFormation makes, changes or deletes a resource.

use super::{
    account::text,
    task::Definition,
    world::{Due, SECOND, World},
};
use crate::core::{leftovers::kind_of, template::Resource};

impl World {
    /// Makes a resource.
    ///
    /// # Errors
    /// CloudFormation's sentence when the name is taken.
    pub(super) fn make(&mut self, i: usize, def: &Resource) -> Result<(), String> {
        let properties = self.filled(&self.stacks[i], &def.properties);
        let number = match def.kind.as_str() {
            "AWS::ECS::TaskDefinition" => self.next_revision(&text(&properties, "Family")),
            _ => self.serial(),
        };
        let physical = self.physical_id(&self.stacks[i], def, &properties, number);
        if let Some(name) = self.taken(def, &properties) {
            return Err(self.already_exists(def, &name));
        }
        match def.kind.as_str() {
            "AWS::ECS::TaskDefinition" => {
                let definition = Definition::new(&physical, &properties);
                self.definitions.insert(definition.name.clone(), definition);
            }
            "AWS::ECS::Service" => self.create_service(i, &physical, &properties),
            _ => {}
        }
        if let Some(resource) = self.stacks[i].resource_mut(&def.logical_id) {
            resource.physical = physical;
            resource.def = def.clone();
        }
        Ok(())
    }

    /// Changes a resource in place.
    pub(super) fn modify(&mut self, i: usize, def: &Resource) {
        let Some(resource) = self.stacks[i].resource_mut(&def.logical_id) else {
            return;
        };
        resource.def = def.clone();
        let physical = resource.physical.clone();
        if def.kind == "AWS::ECS::Service" {
            let properties = self.filled(&self.stacks[i], &def.properties);
            self.configure_service(i, &physical, &properties);
        }
    }

    /// Deletes a resource.
    pub(super) fn unmake(&mut self, def: &Resource, physical: &str) {
        match def.kind.as_str() {
            "AWS::ECS::Service" => self.drain_service(physical),
            "AWS::Logs::LogGroup" => {
                for task in self.tasks.iter_mut().filter(|t| t.log_group == physical) {
                    task.has_logs = false;
                }
            }
            _ => {}
        }
    }

    fn next_revision(&self, family: &str) -> u64 {
        let same = |name: &&String| name.rsplit_once(':').is_some_and(|(f, _)| f == family);
        self.definitions.keys().filter(same).count() as u64 + 1
    }

    /// The name that a resource would share with one that exists. Names of these types are unique in an
    /// account and region; a retained one stands in the way of the next.
    fn taken(&self, def: &Resource, properties: &serde_json::Value) -> Option<String> {
        let property = match def.kind.as_str() {
            "AWS::Logs::LogGroup" => "LogGroupName",
            "AWS::SecretsManager::Secret" | "AWS::ElasticLoadBalancingV2::LoadBalancer" | "AWS::ElasticLoadBalancingV2::TargetGroup" => {
                "Name"
            }
            "AWS::ECR::Repository" => "RepositoryName",
            _ => return None,
        };
        let name = text(properties, property);
        let is_same = |(stack, r): (&super::cfn::StackState, &super::cfn::ResourceState)| {
            r.def.kind == def.kind && text(&self.filled(stack, &r.def.properties), property) == name
        };
        (self.living().any(is_same) || self.is_left(kind_of(&def.kind), &name)).then_some(name)
    }

    fn already_exists(&mut self, def: &Resource, name: &str) -> String {
        let serial = self.serial();
        let token = self.chance(&format!("handler/{serial}")).uuid();
        format!(
            "Resource handler returned message: \"Resource of type '{}' with identifier '{name}' already exists.\" \
             (RequestToken: {token}, HandlerErrorCode: AlreadyExists)",
            def.kind
        )
    }

    /// Lets the scheduler look at a service soon.
    pub(super) fn look_soon(&mut self, service: usize) {
        let serial = self.serial();
        let wait = self.chance(&format!("look/{serial}")).between(2 * SECOND, 5 * SECOND);
        self.after(wait, Due::Look(service));
    }
}
