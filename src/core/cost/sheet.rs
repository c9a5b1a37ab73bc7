//! One sheet of cost lines: which items each resource uses, and how much of them.

use serde_json::Value;

use super::{CostLine, CostModel, Group, is_free, services};
use crate::core::{fact::Task, prices::HOURS_A_MONTH, template::Resource, text::SafeText};

/// Size and kind of one task.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Shape {
    vcpu: f64,
    gb: f64,
    is_arm: bool,
    is_spot: bool,
}

/// A line before it is priced.
struct Entry<'a> {
    label: &'a str,
    resource: &'a SafeText,
    group: Group,
    item: &'a str,
    quantity: f64,
    is_scalable: bool,
    basis: String,
}

/// Lines being collected.
pub(super) struct Sheet<'a> {
    model: &'a CostModel,
    resources: &'a [Resource],
    endpoints: usize,
    pub(super) lines: Vec<CostLine>,
    pub(super) unpriced: Vec<SafeText>,
    pub(super) date: Option<SafeText>,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(model: &'a CostModel, resources: &'a [Resource]) -> Self {
        Self {
            model,
            resources,
            endpoints: resources.iter().filter(|r| is_interface_endpoint(r)).count(),
            lines: Vec::new(),
            unpriced: Vec::new(),
            date: None,
        }
    }

    pub(super) fn resource(&mut self, resource: &'a Resource) {
        let assume = self.model.assumptions;
        match resource.kind.as_str() {
            "AWS::ElasticLoadBalancingV2::LoadBalancer" => self.load_balancer(resource),
            "AWS::EC2::VPCEndpoint" => self.endpoint(resource),
            "AWS::EC2::NatGateway" => {
                self.one(resource, Group::Nat, "NAT gateway", "nat-hour");
                let basis = format!("{} GB a month assumed", assume.nat_gb);
                self.some(resource, (Group::Nat, "NAT gateway, data", "nat-gb"), assume.nat_gb, basis);
            }
            "AWS::EC2::EIP" => self.one(resource, Group::PublicAddresses, "Public IPv4 address", "public-ipv4-hour"),
            "AWS::EFS::FileSystem" => self.file_system(resource),
            "AWS::CodeBuild::Project" => {
                let minutes = assume.mirror_minutes;
                let basis = format!("{minutes} minutes a month assumed: one deployment that copies the images");
                self.some(resource, (Group::Registry, "Image mirror", "codebuild-minute"), minutes, basis);
            }
            "AWS::Logs::LogGroup" => self.log_group(resource),
            "AWS::SecretsManager::Secret" => self.one(resource, Group::Secrets, "Secret", "secret-month"),
            "AWS::ECR::Repository" => {
                let basis = format!("{} GB of image assumed", assume.ecr_gb);
                self.some(resource, (Group::Registry, "ECR repository", "ecr-gb-month"), assume.ecr_gb, basis);
            }
            "AWS::ServiceDiscovery::PrivateDnsNamespace" => self.one(resource, Group::Registry, "Private DNS zone", "private-zone-month"),
            "AWS::RDS::DBInstance" => self.database(resource),
            "AWS::ElastiCache::CacheCluster" | "AWS::ElastiCache::ReplicationGroup" => self.cache(resource),
            "AWS::CloudWatch::Dashboard" => self.free_tier(resource, "Dashboard", ("dashboard-month", 3)),
            "AWS::CloudWatch::Alarm" => self.free_tier(resource, "Alarm", ("alarm-month", 10)),
            kind if is_free(kind) => {}
            _ => self.no_price(resource),
        }
    }

    /// Backups are left out: their size follows what changes.
    fn file_system(&mut self, resource: &'a Resource) {
        let assume = self.model.assumptions;
        for (label, item, gb, basis) in [
            (
                "EFS storage",
                "efs-gb-month",
                assume.efs_gb,
                "assumed, all in Standard; backups not counted",
            ),
            ("EFS, read", "efs-read-gb", assume.efs_read_gb, "a month assumed"),
            ("EFS, written", "efs-write-gb", assume.efs_write_gb, "a month assumed"),
        ] {
            self.some(resource, (Group::Files, label, item), gb, format!("{gb} GB {basis}"));
        }
    }

    fn load_balancer(&mut self, resource: &'a Resource) {
        self.one(resource, Group::LoadBalancer, "Load balancer", "alb-hour");
        let lcu = self.model.assumptions.lcu;
        let basis = format!("{lcu} capacity units on average assumed");
        self.some(
            resource,
            (Group::LoadBalancer, "Load balancer, capacity", "alb-lcu-hour"),
            lcu,
            basis,
        );
        if text(&resource.properties, "/Scheme") != Some("internal") {
            let zones = list_len(&resource.properties, "/Subnets");
            self.some(
                resource,
                (Group::PublicAddresses, "Load balancer, public IPv4", "public-ipv4-hour"),
                zones,
                "one address in each zone".into(),
            );
        }
    }

    fn endpoint(&mut self, resource: &'a Resource) {
        if !is_interface_endpoint(resource) {
            return;
        }
        let service = text(&resource.properties, "/ServiceName").unwrap_or_default();
        // The service is what follows `com.amazonaws.REGION.`, and may itself hold a dot (`ecr.api`).
        let label = format!("Endpoint {}", service.splitn(4, '.').nth(3).unwrap_or(service));
        let zones = list_len(&resource.properties, "/SubnetIds");
        self.some(
            resource,
            (Group::Endpoints, &label, "endpoint-az-hour"),
            zones,
            format!("{zones} zones"),
        );
        let share = self.model.assumptions.endpoint_gb / self.endpoints.max(1) as f64;
        let basis = format!("{} GB a month over all endpoints assumed", self.model.assumptions.endpoint_gb);
        self.some(resource, (Group::Endpoints, &format!("{label}, data"), "endpoint-gb"), share, basis);
    }

    fn log_group(&mut self, resource: &'a Resource) {
        let is_application = text(&resource.properties, "/LogGroupName").is_some_and(|name| name.starts_with("/ecs/"));
        let assume = self.model.assumptions;
        let gb = if is_application { assume.log_gb } else { assume.other_log_gb };
        let basis = format!("{gb} GB a month assumed; the first 5 GB of an account are free and not taken off");
        // Which group it is: there are two, of the tasks and of the image mirror.
        let name = text(&resource.properties, "/LogGroupName").and_then(|name| name.trim_start_matches('/').split('/').next());
        let of = name.filter(|it| !it.is_empty()).map(|it| format!(", /{it}")).unwrap_or_default();
        let (taken, kept) = (format!("Logs taken in{of}"), format!("Logs kept{of}"));
        self.some(resource, (Group::Logs, &taken, "logs-ingest-gb"), gb, basis);
        let months = number(resource.properties.get("RetentionInDays")).map_or(12.0, |days| days / 30.0);
        self.some(
            resource,
            (Group::Logs, &kept, "logs-stored-gb-month"),
            gb * months,
            format!("{months:.1} months of logs, not counting compression"),
        );
    }

    fn database(&mut self, resource: &'a Resource) {
        let class = text(&resource.properties, "/DBInstanceClass").unwrap_or_default();
        let item = format!("rds-{}-hour", class.trim_start_matches("db.").replace('.', "-"));
        let copies = if is_true(resource.properties.get("MultiAZ")) { 2.0 } else { 1.0 };
        let label = format!("Database {class}");
        self.some(resource, (Group::Database, &label, &item), copies, format!("{copies} instance(s)"));
        let gb = number(resource.properties.get("AllocatedStorage")).unwrap_or(20.0) * copies;
        self.some(
            resource,
            (Group::Database, "Database storage", "rds-gp3-gb-month"),
            gb,
            format!("{gb} GB of gp3"),
        );
    }

    fn cache(&mut self, resource: &'a Resource) {
        let node = text(&resource.properties, "/CacheNodeType").unwrap_or_default();
        if node != "cache.t4g.micro" {
            return self.no_price(resource);
        }
        let nodes = ["NumCacheNodes", "NumCacheClusters"]
            .iter()
            .find_map(|key| number(resource.properties.get(*key)))
            .unwrap_or(1.0);
        self.some(
            resource,
            (Group::Cache, &format!("Valkey {node}"), "valkey-node-hour"),
            nodes,
            format!("{nodes} node(s)"),
        );
    }

    /// A service at the count that the template wants.
    pub(super) fn wanted(&mut self, service: &'a Resource) {
        let count = number(service.properties.get("DesiredCount")).unwrap_or(1.0) as usize;
        match self.shape(service) {
            Some(shape) => self.tasks(service, &vec![shape; count]),
            None => self.no_price(service),
        }
    }

    /// A service with the tasks that it really has.
    pub(super) fn running(&mut self, service: &'a Resource, tasks: &[Task]) {
        let name = text(&service.properties, "/ServiceName").unwrap_or_default();
        let fallback = self.shape(service);
        let mine: Vec<&Task> = tasks.iter().filter(|t| t.service == name && is_billed(t)).collect();
        let shapes: Vec<Shape> = mine.iter().filter_map(|t| shape_of_task(t).or(fallback)).collect();
        if shapes.len() < mine.len() {
            self.no_price(service);
        }
        self.tasks(service, &shapes);
    }

    /// Tasks that are billed though no service of the template owns them.
    pub(super) fn strangers(&mut self, tasks: &[Task]) {
        let owned: Vec<&str> = services(self.resources)
            .filter_map(|s| text(&s.properties, "/ServiceName"))
            .collect();
        for task in tasks.iter().filter(|t| is_billed(t) && !owned.contains(&t.service.as_str())) {
            let id = SafeText::new(task.id());
            match shape_of_task(task) {
                Some(shape) => self.compute(&id, ("Task outside the services", Group::OtherTasks), &[shape]),
                None => self.unpriced.push(format!("{id} (task)").into()),
            }
        }
    }

    fn tasks(&mut self, service: &'a Resource, shapes: &[Shape]) {
        let (title, group) = owner(service);
        if shapes.is_empty() {
            return;
        }
        self.compute(&service.logical_id, (&title, group), shapes);
        if text(&service.properties, "/NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp") == Some("ENABLED") {
            self.add(Entry {
                label: &format!("{title}, public IPv4"),
                resource: &service.logical_id,
                group: Group::PublicAddresses,
                item: "public-ipv4-hour",
                quantity: shapes.len() as f64,
                is_scalable: true,
                basis: "one address a task".into(),
            });
        }
    }

    /// One line for tasks: vCPU and memory of each, by its own size.
    fn compute(&mut self, resource: &SafeText, owner: (&str, Group), shapes: &[Shape]) {
        let mut usd_hour = 0.0;
        let mut is_verified = true;
        for shape in shapes {
            let Some((usd, verified)) = self.task_hour(*shape) else {
                return self.unpriced.push(format!("{resource} (task)").into());
            };
            usd_hour += usd;
            is_verified &= verified;
        }
        self.lines.push(CostLine {
            label: owner.0.into(),
            resource: resource.clone(),
            group: owner.1,
            quantity: shapes.len() as f64,
            unit: "task-hour".into(),
            usd_hour,
            usd_month: usd_hour * HOURS_A_MONTH,
            is_scalable: true,
            is_verified,
            basis: describe(shapes).into(),
        });
    }

    fn task_hour(&mut self, shape: Shape) -> Option<(f64, bool)> {
        let (vcpu_item, gb_item) = if shape.is_arm {
            ("fargate-arm-vcpu-hour", "fargate-arm-gb-hour")
        } else {
            ("fargate-vcpu-hour", "fargate-gb-hour")
        };
        let (vcpu, vcpu_verified) = self.price(vcpu_item)?;
        let (gb, gb_verified) = self.price(gb_item)?;
        let (share, share_verified) = if shape.is_spot {
            self.price("fargate-spot-discount")
                .map(|(saved, verified)| (1.0 - saved, verified))?
        } else {
            (1.0, true)
        };
        let usd = (shape.vcpu * vcpu + shape.gb * gb) * share;
        Some((usd, vcpu_verified && gb_verified && share_verified))
    }

    fn shape(&self, service: &Resource) -> Option<Shape> {
        let id = text(&service.properties, "/TaskDefinition/Ref")?;
        let definition = self.resources.iter().find(|r| r.logical_id == id)?;
        let strategy = text(&service.properties, "/CapacityProviderStrategy/0/CapacityProvider");
        Some(Shape {
            vcpu: number(definition.properties.get("Cpu"))? / 1024.0,
            gb: number(definition.properties.get("Memory"))? / 1024.0,
            is_arm: text(&definition.properties, "/RuntimePlatform/CpuArchitecture") == Some("ARM64"),
            is_spot: strategy == Some("FARGATE_SPOT"),
        })
    }

    /// One unit of an item.
    fn one(&mut self, resource: &'a Resource, group: Group, label: &str, item: &str) {
        self.some(resource, (group, label, item), 1.0, String::new());
    }

    /// Some units of an item, given as `(group, label, item)`, that do not go away with the tasks.
    fn some(&mut self, resource: &'a Resource, what: (Group, &str, &str), quantity: f64, basis: String) {
        self.add(Entry {
            label: what.1,
            resource: &resource.logical_id,
            group: what.0,
            item: what.2,
            quantity,
            is_scalable: false,
            basis,
        });
    }

    fn add(&mut self, entry: Entry) {
        let Some(found) = self.model.prices.find(&self.model.region, entry.item) else {
            return self.unpriced.push(format!("{} ({})", entry.resource, entry.item).into());
        };
        let (usd, unit, is_verified, note) = (
            found.row.usd,
            found.row.unit.clone(),
            found.is_verified(),
            if found.is_borrowed { "price of us-east-1" } else { "" },
        );
        self.dated(found.row.date.clone());
        let amount = usd * entry.quantity;
        let (usd_hour, usd_month) = if entry.item.ends_with("-hour") {
            (amount, amount * HOURS_A_MONTH)
        } else {
            (amount / HOURS_A_MONTH, amount)
        };
        self.lines.push(CostLine {
            label: entry.label.into(),
            resource: entry.resource.clone(),
            group: entry.group,
            quantity: entry.quantity,
            unit,
            usd_hour,
            usd_month,
            is_scalable: entry.is_scalable,
            is_verified,
            basis: [entry.basis.as_str(), note]
                .into_iter()
                .filter(|s| !s.is_empty())
                .collect::<Vec<_>>()
                .join("; ")
                .into(),
        });
    }

    fn price(&mut self, item: &str) -> Option<(f64, bool)> {
        let found = self.model.prices.find(&self.model.region, item)?;
        let answer = (found.row.usd, found.is_verified());
        let date = found.row.date.clone();
        self.dated(date);
        Some(answer)
    }

    fn dated(&mut self, date: SafeText) {
        self.date = Some(match self.date.take() {
            Some(old) if old <= date => old,
            _ => date,
        });
    }

    /// One of those of which an account has some free, given as the item and how many.
    fn free_tier(&mut self, resource: &Resource, label: &str, (item, free): (&str, u32)) {
        let Some((usd, is_verified)) = self.price(item) else {
            return self.no_price(resource);
        };
        let basis = format!("the first {free} of an account are free, each more costs ${usd:.2} a month");
        self.lines.push(CostLine {
            label: label.into(),
            resource: resource.logical_id.clone(),
            group: Group::Monitoring,
            quantity: 1.0,
            unit: "month".into(),
            usd_hour: 0.0,
            usd_month: 0.0,
            is_scalable: false,
            is_verified,
            basis: basis.into(),
        });
    }

    fn no_price(&mut self, resource: &Resource) {
        self.unpriced.push(format!("{} ({})", resource.logical_id, resource.kind).into());
    }
}

fn owner(service: &Resource) -> (String, Group) {
    let name = text(&service.properties, "/ServiceName").unwrap_or(&service.logical_id);
    match name.rsplit('-').next() {
        Some("openwebui") => ("Open WebUI tasks".into(), Group::OpenWebui),
        Some("litellm") => ("LiteLLM tasks".into(), Group::Litellm),
        _ => (format!("{name} tasks"), Group::OtherTasks),
    }
}

/// Fargate bills from the pull of the image until the task has stopped.
fn is_billed(task: &Task) -> bool {
    !matches!(task.status.as_str(), "STOPPED" | "PROVISIONING")
}

fn shape_of_task(task: &Task) -> Option<Shape> {
    Some(Shape {
        vcpu: f64::from(task.cpu?) / 1024.0,
        gb: f64::from(task.memory?) / 1024.0,
        is_arm: task.architecture == "ARM64",
        is_spot: task.capacity == "FARGATE_SPOT",
    })
}

fn describe(shapes: &[Shape]) -> String {
    let Some(first) = shapes.first() else { return String::new() };
    let is_mixed = shapes.iter().any(|s| s != first);
    let kind = match (first.is_arm, first.is_spot) {
        (false, false) => "",
        (true, false) => ", ARM64",
        (false, true) => ", Spot",
        (true, true) => ", ARM64, Spot",
    };
    if is_mixed {
        return format!("{} tasks of different sizes", shapes.len());
    }
    format!("{} × {} vCPU, {} GB{kind}", shapes.len(), first.vcpu, first.gb)
}

pub(super) fn is_interface_endpoint(resource: &Resource) -> bool {
    resource.kind == "AWS::EC2::VPCEndpoint" && text(&resource.properties, "/VpcEndpointType") == Some("Interface")
}

pub(super) fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str)
}

fn list_len(value: &Value, pointer: &str) -> f64 {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(0.0, |list| list.len() as f64)
}

/// CloudFormation takes numbers and numerals alike.
pub(super) fn number(value: Option<&Value>) -> Option<f64> {
    match value? {
        Value::Number(n) => n.as_f64(),
        Value::String(s) => s.parse().ok(),
        _ => None,
    }
}

fn is_true(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::Bool(true))) || matches!(value, Some(Value::String(s)) if s == "true")
}
