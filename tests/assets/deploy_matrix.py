#!/usr/bin/env python3
"""Deploy the stack on a local emulator for many parameter combinations.

    deploy_matrix.py --emulator target/venv/bin/ministack [name ...]
    deploy_matrix.py --endpoint http://127.0.0.1:4601 [name ...]

Every combination is created, read back and deleted, and must leave nothing but
what it was told to keep; combinations that the template has to refuse must be
refused; an update changes what it names and nothing else. Needs boto3. Exit status 1 on any
surprise, with one line per combination on standard output.
"""

import argparse
import contextlib
import itertools
import json
import pathlib
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import emulator_template  # noqa: E402
from emulator import Emulator  # noqa: E402

TEMPLATE = HERE.parent.parent / "assets" / "bedrock-image-chat-stack.yaml"
CERTIFICATE = "arn:aws:acm:us-west-2:123456789012:certificate/11111111-2222-3333-4444-555555555555"
PROVISIONED = "arn:aws:bedrock:us-west-2:123456789012:provisioned-model/abcdefghij12"


def combinations():
    for size, net, cert, db in itertools.product(
        ("small", "medium", "large"), ("private", "nat", "public"), ("", CERTIFICATE), ("auto", "sqlite", "postgres")
    ):
        if db == "sqlite" and size != "small":
            continue  # refused, see below
        yield (
            f"{size}-{net}-{'https' if cert else 'http'}-{db}",
            {"DeploymentSize": size, "NetworkMode": net, "ACMCertificateArn": cert, "Database": db},
        )
    for size in ("small", "medium", "large"):
        rows = json.loads((TEMPLATE.parent / f"parameters-{size}.json").read_text())
        yield f"parameters-{size}.json", {row["ParameterKey"]: row["ParameterValue"] for row in rows}
    yield "certificate-hidden-litellm", {"ACMCertificateArn": CERTIFICATE, "ExposeLiteLLM": "false"}
    yield "plain-shown-litellm", {"ExposeLiteLLM": "true"}
    yield "host-name", {"ACMCertificateArn": CERTIFICATE, "DomainName": "chat.example.com"}
    yield "one-endpoint-az", {"EndpointAzs": "1"}
    yield "arm-spot", {"CpuArchitecture": "ARM64", "FargateSpot": "true"}
    yield "provisioned", {"ProvisionedModelArn": PROVISIONED}
    yield "own-region", {"BedrockRegion": "us-west-2"}
    yield "kept-files", {"FileSystemDeletionPolicy": "Retain"}
    yield "topic", {"AlarmTopicArn": "arn:aws:sns:us-west-2:123456789012:ops"}


# Stack tags, which CloudFormation hands on to what it makes.
TAGS = {"Project": "BedrockImageChat", "ManagedBy": "CloudFormation"}

# What an update never replaces.
LASTING = ("VPC", "ALB", "FileSystem", "KeptFileSystem", "LiteLLMAPIKeySecret", "OpenWebUIAdminSecret", "LogGroup", "Cluster")

# Parameters at the start, and those that an update changes.
UPDATES = [
    ("update-retention", {"AllowedCIDR": "203.0.113.0/24"}, {"LogRetentionDays": "7"}),
    ("update-certificate", {"AllowedCIDR": "203.0.113.0/24"}, {"ACMCertificateArn": CERTIFICATE}),
    ("update-size", {"Database": "postgres"}, {"DeploymentSize": "large"}),
    ("update-provisioned", {"DeploymentSize": "medium"}, {"ProvisionedModelArn": PROVISIONED}),
    ("update-version", {}, {"OpenWebUIVersion": "v0.12.5"}),
    ("update-spot", {}, {"FargateSpot": "true"}),
    ("update-kept-files", {"FileSystemDeletionPolicy": "Retain"}, {"LogRetentionDays": "7"}),
    ("update-public", {}, {"NetworkMode": "public"}),
]

# What has to be refused, and a word of the reason.
REFUSED = {
    "sqlite-medium": ("cannot share SQLite", {"Database": "sqlite", "DeploymentSize": "medium"}),
    "sqlite-large": ("cannot share SQLite", {"Database": "sqlite", "DeploymentSize": "large"}),
    "other-region": ("region of the stack", {"BedrockRegion": "us-east-1"}),
    "bad-size": ("DeploymentSize", {"DeploymentSize": "huge"}),
    "bad-cidr": ("AllowedCIDR", {"AllowedCIDR": "300.0.0.0/8"}),
    "bad-name": ("ProjectName", {"ProjectName": "Has-Capitals"}),
    "long-name": ("ProjectName", {"ProjectName": "a-name-that-is-too-long"}),
    "bad-certificate": ("ACMCertificateArn", {"ACMCertificateArn": "arn:aws:iam::1:x"}),
    "moving-tag": ("OpenWebUIVersion", {"OpenWebUIVersion": "main"}),
}


def short(error):
    text = " ".join(error.response["Error"]["Message"].split())
    return text if len(text) < 260 else text[:120] + " … " + text[-120:]


class Lab:
    def __init__(self, endpoint):
        def client(name):
            return boto3.client(
                name,
                endpoint_url=endpoint,
                region_name="us-west-2",
                aws_access_key_id="123456789012",
                aws_secret_access_key="x",
                config=Config(retries={"max_attempts": 1}, read_timeout=120),
            )

        self.cfn, self.ecs, self.elb = client("cloudformation"), client("ecs"), client("elbv2")
        self.secrets, self.logs, self.efs, self.ecr = client("secretsmanager"), client("logs"), client("efs"), client("ecr")

    def wait(self, stack):
        for _ in range(600):
            found = self.cfn.describe_stacks(StackName=stack)["Stacks"][0]
            if not found["StackStatus"].endswith("IN_PROGRESS"):
                return found
            time.sleep(0.1)
        raise SystemExit(f"{stack} does not settle: {found['StackStatus']}")

    def create(self, name, body, parameters):
        stack = f"t-{name}".replace(".", "-")[:60]
        given = [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()]
        arn = self.cfn.create_stack(
            StackName=stack,
            TemplateBody=body,
            Parameters=given,
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Tags=[{"Key": k, "Value": v} for k, v in TAGS.items()],
        )["StackId"]
        return arn, self.wait(arn)

    def update(self, arn, body, changes):
        """Change some parameters and keep the others, as the console does."""
        before = self.cfn.describe_stacks(StackName=arn)["Stacks"][0]["Parameters"]
        given = [
            {"ParameterKey": p["ParameterKey"], "ParameterValue": changes[p["ParameterKey"]]}
            if p["ParameterKey"] in changes
            else {"ParameterKey": p["ParameterKey"], "UsePreviousValue": True}
            for p in before
        ]
        self.cfn.update_stack(StackName=arn, TemplateBody=body, Parameters=given, Capabilities=["CAPABILITY_NAMED_IAM"])
        found = self.wait(arn)
        values = lambda rows: {p["ParameterKey"]: p["ParameterValue"] for p in rows}  # noqa: E731
        return found["StackStatus"], values(found["Parameters"]) == {**values(before), **changes}

    def ids(self, arn):
        """Physical ids of what lasts."""
        rows = self.cfn.list_stack_resources(StackName=arn)["StackResourceSummaries"]
        return {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in rows if r["LogicalResourceId"] in LASTING}

    def values(self):
        """The value of each secret, by name."""
        names = [s["Name"] for s in self.secrets.list_secrets()["SecretList"]]
        return {n: self.secrets.get_secret_value(SecretId=n)["SecretString"] for n in names}

    def delete(self, arn):
        self.cfn.delete_stack(StackName=arn)
        return self.wait(arn)

    def left(self):
        """What the account still holds, by kind."""
        secrets = [s["Name"] for s in self.secrets.list_secrets()["SecretList"]]
        groups = [g["logGroupName"] for g in self.logs.describe_log_groups()["logGroups"]]
        return {
            "file systems": [f["FileSystemId"] for f in self.efs.describe_file_systems()["FileSystems"]],
            "secrets": secrets,
            "log groups": [g for g in groups if g.startswith(("/ecs/bedrock", "/mirror/"))],
            "clusters": [c for c in self.ecs.list_clusters()["clusterArns"] if "bedrock-image-chat" in c],
            "repositories": [r["repositoryName"] for r in self.ecr.describe_repositories()["repositories"]],
            "load balancers": [b["LoadBalancerName"] for b in self.elb.describe_load_balancers()["LoadBalancers"]],
        }

    def gone(self, parameters):
        """What is wrong with an account after the deletion. What is to stay is taken away."""
        left = self.left()
        kept = left.pop("file systems")
        wrong = [f"{kind} are left: {', '.join(names)}" for kind, names in left.items() if names]
        if len(kept) != (parameters.get("FileSystemDeletionPolicy") == "Retain"):
            wrong.append(f"file systems after the deletion: {kept}")
        for name in kept:
            self.efs.delete_file_system(FileSystemId=name)
        return wrong

    def reasons(self, arn):
        out = []
        for page in self.cfn.get_paginator("describe_stack_events").paginate(StackName=arn):
            for event in page["StackEvents"]:
                if "FAILED" in event["ResourceStatus"]:
                    out.append(f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}")
        return out[::-1]

    def untagged(self):
        """Whether the stack's tags have come to where a bill looks for them."""
        rows = {f["FileSystemId"]: f["Tags"] for f in self.efs.describe_file_systems()["FileSystems"]}
        rows |= {s["Name"]: s.get("Tags", []) for s in self.secrets.list_secrets()["SecretList"]}
        arns = [b["LoadBalancerArn"] for b in self.elb.describe_load_balancers()["LoadBalancers"]]
        rows |= {t["ResourceArn"]: t["Tags"] for t in self.elb.describe_tags(ResourceArns=arns)["TagDescriptions"]}
        services = self.ecs.list_services(cluster="bedrock-image-chat-cluster")["serviceArns"]
        for arn in services:
            rows[arn] = [{"Key": t["key"], "Value": t["value"]} for t in self.ecs.list_tags_for_resource(resourceArn=arn)["tags"]]
        wanted = TAGS.items()
        return [f"{name} has no stack tags" for name, tags in rows.items() if not wanted <= {t["Key"]: t["Value"] for t in tags}.items()]

    def check(self, parameters, found):
        """What is wrong with a finished stack, as a list of sentences."""
        wrong = self.untagged()
        outputs = {o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", [])}
        for name in ("ALBEndpoint", "ALBDNSName", "LiteLLMAPIKeySecretArn"):
            if not outputs.get(name):
                wrong.append(f"output {name} is missing")
        scheme = "https" if parameters.get("ACMCertificateArn") else "http"
        host = parameters.get("DomainName") or outputs.get("ALBDNSName")
        if outputs.get("ALBEndpoint") != f"{scheme}://{host}":
            wrong.append(f"ALBEndpoint is {outputs.get('ALBEndpoint')}")
        tasks = {"small": 1, "medium": 2, "large": 3}[parameters.get("DeploymentSize", "small")]
        services = self.ecs.describe_services(
            cluster="bedrock-image-chat-cluster",
            services=["bedrock-image-chat-openwebui", "bedrock-image-chat-litellm"],
        )["services"]
        desired = {s["serviceName"].rsplit("-", 1)[1]: s["desiredCount"] for s in services}
        if desired != {"openwebui": tasks, "litellm": 1}:
            wrong.append(f"desired counts are {desired}")
        for service in services:
            definition = self.ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
            for container in definition["containerDefinitions"]:
                text = json.dumps(container)
                if "Fn::" in text or "${" in text.replace('"${', ""):
                    wrong.append(f"unresolved text in {container['name']}")
                private = parameters.get("NetworkMode", "private") == "private"
                if (".dkr.ecr." in container["image"]) != private:
                    wrong.append(f"image {container['image']}")
        for name in ("litellm-api-key", "openwebui-admin"):
            value = json.loads(self.secrets.get_secret_value(SecretId=f"bedrock-image-chat/{name}")["SecretString"])
            wanted = {"api_key"} if name == "litellm-api-key" else {"email", "password"}
            if set(value) != wanted:
                wrong.append(f"secret {name} has keys {sorted(value)}")
        digests = {"OpenWebUIImageDigest", "LiteLLMImageDigest"} & set(outputs)
        if len(digests) != (2 if parameters.get("NetworkMode", "private") == "private" else 0):
            wrong.append(f"digests in the outputs: {sorted(digests)}")
        if not self.logs.describe_log_groups(logGroupNamePrefix="/ecs/bedrock-image-chat")["logGroups"]:
            wrong.append("no log group")
        return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--endpoint", default="http://127.0.0.1:4601")
    parser.add_argument("--emulator", metavar="PROGRAM", help="start this one instead, and end it")
    parser.add_argument("--template", default=str(TEMPLATE))
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        if options.emulator:
            options.endpoint = stack.enter_context(Emulator(options.emulator)).url
        return run(options)


def run(options):
    lab = Lab(options.endpoint)
    source = pathlib.Path(options.template).read_text()
    bad = 0

    def say(ok, name, text):
        nonlocal bad
        bad += not ok
        print(f"{'ok  ' if ok else 'FAIL'} {name:42} {text}", flush=True)

    for name, parameters in combinations():
        if options.names and name not in options.names:
            continue
        body, used = emulator_template.rewrite(source, parameters)
        try:
            arn, found = lab.create(name, body, parameters)
        except ClientError as error:
            say(False, name, short(error))
            continue
        if found["StackStatus"] != "CREATE_COMPLETE":
            say(False, name, f"{found['StackStatus']} {lab.reasons(arn)}")
            lab.delete(arn)
            continue
        count = len(lab.cfn.list_stack_resources(StackName=arn)["StackResourceSummaries"])
        wrong = lab.check(parameters, found)
        gone = lab.delete(arn)["StackStatus"]
        if gone != "DELETE_COMPLETE":
            wrong.append(f"delete ended {gone} {lab.reasons(arn)}")
        wrong += lab.gone(parameters)
        say(not wrong, name, "; ".join(wrong) or f"{count} resources" + (f", rewritten: {', '.join(used)}" if used else ""))

    for name, start, changes in UPDATES:
        if options.names and name not in options.names:
            continue
        body, used = emulator_template.rewrite(source, {**start, **changes})
        try:
            arn, found = lab.create(name, body, start)
            before, secrets = lab.ids(arn), lab.values()
            status, kept = lab.update(arn, body, changes)
        except ClientError as error:
            say(False, name, short(error))
            continue
        wrong = [] if status == "UPDATE_COMPLETE" else [f"{status} {lab.reasons(arn)}"]
        if not kept:
            wrong.append("other parameters changed")
        if lab.ids(arn) != before:
            wrong.append(f"replaced: {before} by {lab.ids(arn)}")
        wrong += [f"secret {name} has a new value" for name, value in lab.values().items() if secrets.get(name, value) != value]
        wrong += lab.check({**start, **changes}, lab.cfn.describe_stacks(StackName=arn)["Stacks"][0])
        lab.delete(arn)
        wrong += lab.gone({**start, **changes})
        say(not wrong, name, "; ".join(wrong) or "updated: " + ", ".join(changes))

    for name, (word, parameters) in REFUSED.items():
        if options.names and name not in options.names:
            continue
        body, _ = emulator_template.rewrite(source, parameters)
        try:
            arn, found = lab.create(name, body, parameters)
            say(False, name, f"was not refused: {found['StackStatus']}")
            lab.delete(arn)
        except ClientError as error:
            say(word in short(error), name, "refused: " + short(error))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
