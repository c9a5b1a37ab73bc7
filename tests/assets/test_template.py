"""What the template promises to the guide, to the console and to CloudFormation.

    python3 -m unittest discover -s tests/assets
"""

import json
import pathlib
import re
import sys
import tomllib
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import checkov_variants  # noqa: E402
import template  # noqa: E402
import yaml  # noqa: E402

DATA = template.load()
TEXT = template.PATH.read_text()
RESOURCES = DATA["Resources"]


class Names(unittest.TestCase):
    def test_size(self):
        self.assertLessEqual(len(TEXT.encode()), 51200, "CreateStack takes at most 51,200 bytes")

    def test_guide_parameters_and_outputs(self):
        for name in "ProjectName Environment DeploymentSize BedrockRegion ProvisionedModelArn ACMCertificateArn AllowedCIDR".split():
            self.assertIn(name, DATA["Parameters"])
        for name in ("ALBEndpoint", "ALBDNSName", "LiteLLMAPIKeySecretArn"):
            self.assertIn(name, DATA["Outputs"])
        for name in ("TargetGroup", "ALBSecurityGroup", "ECSTaskRole"):
            self.assertIn(name, RESOURCES)

    def test_guide_names(self):
        found = json.dumps(RESOURCES)
        for name in ("-cluster", "-openwebui", "-litellm", "/litellm-api-key", "/openwebui-admin"):
            self.assertIn("${ProjectName}" + name + '"', found)
        self.assertIn('"/ecs/${ProjectName}"', found)
        self.assertEqual(sorted(re.findall(r'"awslogs-stream-prefix": "(\w+)"', found)), ["litellm", "openwebui"])

    def test_names_fit(self):
        longest = "a" + "b" * 19
        pattern = DATA["Parameters"]["ProjectName"]["AllowedPattern"]
        self.assertTrue(re.match(pattern, longest))
        self.assertFalse(re.match(pattern, longest + "b"))
        for resource in RESOURCES.values():
            if resource["Type"].startswith("AWS::ElasticLoadBalancingV2::") and "Name" in resource["Properties"]:
                name = resource["Properties"]["Name"]["Fn::Sub"].replace("${ProjectName}", longest)
                self.assertLessEqual(len(name), 32)


class Form(unittest.TestCase):
    def test_every_parameter_is_explained(self):
        face = DATA["Metadata"]["AWS::CloudFormation::Interface"]
        grouped = [p for g in face["ParameterGroups"] for p in g["Parameters"]]
        self.assertEqual(sorted(grouped), sorted(DATA["Parameters"]))
        self.assertEqual(sorted(face["ParameterLabels"]), sorted(DATA["Parameters"]))
        for name, parameter in DATA["Parameters"].items():
            with self.subTest(name):
                self.assertIn("Default", parameter)
                self.assertTrue(parameter["Description"])
                self.assertTrue("AllowedValues" in parameter or "AllowedPattern" in parameter)
                if "AllowedPattern" in parameter:
                    self.assertTrue(parameter["ConstraintDescription"])
                    self.assertRegex(parameter["Default"], parameter["AllowedPattern"])
                else:
                    self.assertIn(parameter["Default"], parameter["AllowedValues"])

    def test_patterns(self):
        cases = {
            "AllowedCIDR": (["0.0.0.0/0", "203.0.113.0/24"], ["300.0.0.0/8", "10.0.0.0", "10.0.0.0/33", "::/0"]),
            "ACMCertificateArn": (["", "arn:aws:acm:us-west-2:123456789012:certificate/ab-12"], ["x", "arn:aws:iam::1:x"]),
            "ImageModelId": (["stability.sd3-5-large-v1:0", "us.stability.x"], ["", "has space"]),
            "OpenWebUIVersion": (["v0.12.4", "v0.12.4-slim"], ["main", "latest", ""]),
            "LiteLLMVersion": (["v1.106.2", "main-v1.83.14-stable"], ["main-stable", ""]),
            "DomainName": (["", "chat.example.com"], ["chat", "https://chat.example.com", "chat.example.com/"]),
            "AdminEmail": (["a@b.example"], ["a", 'a"b@c']),
            "BedrockRegion": (["", "us-west-2", "ap-northeast-1"], ["Oregon"]),
        }
        for name, (good, bad) in cases.items():
            pattern = DATA["Parameters"][name]["AllowedPattern"]
            for value in good:
                self.assertRegex(value, pattern, name)
            for value in bad:
                self.assertNotRegex(value, pattern, name)

    def test_parameter_files(self):
        defaults = {k: str(v["Default"]) for k, v in DATA["Parameters"].items()}
        for size in ("", "-small", "-medium", "-large"):
            rows = json.loads((template.ASSETS / f"parameters{size}.json").read_text())
            given = {row["ParameterKey"]: row["ParameterValue"] for row in rows}
            want = dict(defaults, DeploymentSize=size[1:] or "small")
            self.assertEqual(given, want, size)


class Yaml(unittest.TestCase):
    def test_no_plain_colon_in_flow_style(self):
        """Parsers of YAML 1.1 may refuse `[a:b]`, so such words are quoted."""
        for token in yaml.scan(TEXT):
            if isinstance(token, (yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken)):
                depth = getattr(self, "depth", 0) + 1
                self.depth = depth
            elif isinstance(token, (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)):
                self.depth -= 1
            elif isinstance(token, yaml.ScalarToken) and getattr(self, "depth", 0) and token.plain:
                self.assertNotIn(":", token.value, f"line {token.start_mark.line + 1}")

    def test_no_anchors(self):
        for token in yaml.scan(TEXT):
            self.assertNotIsInstance(token, (yaml.AnchorToken, yaml.AliasToken))


class Content(unittest.TestCase):
    def container(self, definition):
        return RESOURCES[definition]["Properties"]["ContainerDefinitions"][0]

    def render(self, provisioned):
        arn = "arn:aws:bedrock:us-west-2:123456789012:provisioned-model/abcdefghij12" if provisioned else ""
        text = template.Filled({"ProvisionedModelArn": arn}).environment("LiteLLMTaskDefinition")["LITELLM_CONFIG"]
        self.assertNotIn("${", text)
        return yaml.safe_load(text)

    def test_litellm_configuration(self):
        plain, with_throughput = self.render(False), self.render(True)
        names = lambda config: [m["model_name"] for m in config["model_list"]]  # noqa: E731
        self.assertEqual(names(plain), ["nova-canvas", "claude-sonnet"])
        self.assertEqual(names(with_throughput), ["nova-canvas", "claude-sonnet", "image-provisioned"])
        for config in (plain, with_throughput):
            self.assertTrue(config["litellm_settings"]["drop_params"])
            self.assertTrue(config["router_settings"]["disable_cooldowns"])
            self.assertEqual(config["general_settings"]["master_key"], "os.environ/LITELLM_MASTER_KEY")
        self.assertEqual(plain["model_list"][0]["litellm_params"]["model"], "bedrock/stability.stable-image-core-v1:1")
        self.assertIn("provisioned-model", with_throughput["model_list"][2]["litellm_params"]["model_id"])

    def test_no_database_for_litellm(self):
        self.assertNotIn("DATABASE", json.dumps(self.container("LiteLLMTaskDefinition")))

    def test_sqlite_is_never_shared(self):
        deployment = RESOURCES["OpenWebUIService"]["Properties"]["DeploymentConfiguration"]
        self.assertEqual(deployment["MinimumHealthyPercent"], {"Fn::If": ["UsePostgres", 50, 0]})
        self.assertEqual(deployment["MaximumPercent"], {"Fn::If": ["UsePostgres", 200, 100]})
        self.assertEqual(RESOURCES["OpenWebUIService"]["Properties"]["AvailabilityZoneRebalancing"], {"Fn::If": ["UsePostgres", "ENABLED", "DISABLED"]})

    def test_files_are_deleted_or_kept(self):
        """One file system for each choice, alike but for what a deletion does; everything uses the one that exists."""
        self.assertEqual(RESOURCES["FileSystem"]["Properties"], RESOURCES["KeptFileSystem"]["Properties"])
        self.assertEqual(RESOURCES["FileSystem"]["DeletionPolicy"], "Delete")
        self.assertEqual(RESOURCES["KeptFileSystem"]["DeletionPolicy"], "RetainExceptOnCreate")
        for choice, name, other in (("Delete", "FileSystem", "KeptFileSystem"), ("Retain", "KeptFileSystem", "FileSystem")):
            stack = template.Filled({"FileSystemDeletionPolicy": choice})
            exists = {n: stack.condition(r.get("Condition", {"Fn::And": []})) for n, r in RESOURCES.items()}
            self.assertEqual((exists[name], exists[other]), (True, False))
            text = json.dumps([stack.value(r["Properties"]) for n, r in RESOURCES.items() if exists[n] and "Properties" in r])
            self.assertEqual((text.count("${%s}" % name), text.count("${%s}" % other)), (4, 0))
        files = RESOURCES["FileSystem"]["Properties"]
        self.assertEqual((files["Encrypted"], files["BackupPolicy"]), (True, {"Status": "ENABLED"}))
        self.assertIn({"TransitionToIA": "AFTER_30_DAYS"}, files["LifecyclePolicies"])

    def test_services(self):
        """Both give up a deployment that fails, hand their tags to their tasks, and have time to start."""
        for name, grace in (("OpenWebUIService", 300), ("LiteLLMService", {"Fn::If": ["ShowLiteLLM", 180, {"Ref": "AWS::NoValue"}]})):
            service = RESOURCES[name]["Properties"]
            self.assertEqual(service["DeploymentConfiguration"]["DeploymentCircuitBreaker"], {"Enable": True, "Rollback": True})
            self.assertEqual((service["PropagateTags"], service["HealthCheckGracePeriodSeconds"]), ("SERVICE", grace))
        self.assertNotIn("AutoScaling", json.dumps([r["Type"] for r in RESOURCES.values()]), "the sizes fix the counts")

    def test_spot_is_for_litellm_only(self):
        stack = template.Filled({"FargateSpot": "true"})
        provider = lambda name: stack.value(RESOURCES[name]["Properties"]["CapacityProviderStrategy"])[0]["CapacityProvider"]  # noqa: E731
        self.assertEqual((provider("LiteLLMService"), provider("OpenWebUIService")), ("FARGATE_SPOT", "FARGATE"))

    def test_http_redirects_once_there_is_a_certificate(self):
        for certificate, kind in (("", "forward"), ("arn:aws:acm:us-west-2:123456789012:certificate/a", "redirect")):
            stack = template.Filled({"ACMCertificateArn": certificate})
            self.assertEqual(stack.value(RESOURCES["HTTPListener"]["Properties"])["DefaultActions"][0]["Type"], kind)
            self.assertEqual(stack.condition("HasCertificate"), kind == "redirect")
            self.assertEqual(stack.condition("ShowLiteLLM"), kind == "redirect", "LiteLLM is shown by itself over HTTPS only")

    def test_alarms(self):
        watched = set()
        for name, resource in RESOURCES.items():
            if resource["Type"] == "AWS::CloudWatch::Alarm":
                alarm = resource["Properties"]
                self.assertTrue(alarm["Dimensions"], name)
                watched.add(alarm["MetricName"])
        self.assertEqual(watched, {"HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count", "HealthyHostCount", "CPUUtilization", "InvocationThrottles"})

    def test_a_service_without_tasks_alarms(self):
        """With and without somebody to tell. Such a service reports nothing, so missing data alarms."""
        for size, tasks in (("small", 1), ("medium", 2), ("large", 3)):
            stack = template.Filled({"DeploymentSize": size})
            for name, metric, least in (
                ("FewHealthyHostsAlarm", ("HealthyHostCount", "Minimum"), tasks),
                ("NoLiteLLMAlarm", ("CPUUtilization", "SampleCount"), 1),
            ):
                self.assertNotIn("Condition", RESOURCES[name])
                alarm = stack.value(RESOURCES[name]["Properties"])
                self.assertEqual((alarm["MetricName"], alarm["Statistic"]), metric)
                self.assertEqual((alarm["Period"], alarm["TreatMissingData"]), (60, "breaching"))
                self.assertEqual((alarm["Threshold"], alarm["ComparisonOperator"]), (least, "LessThanThreshold"))
                self.assertIn("sleeping", alarm["AlarmDescription"])
        self.assertIn({"Name": "ServiceName", "Value": "${LiteLLMService.Name}"}, alarm["Dimensions"])

    def test_address(self):
        """The host name wins; cookies are secure once there is a certificate."""
        certificate = "arn:aws:acm:us-west-2:123456789012:certificate/a"
        for arn, host, want in (
            ("", "", "http://lb.example"),
            (certificate, "", "https://lb.example"),
            (certificate, "chat.example.com", "https://chat.example.com"),
        ):
            stack = template.Filled({"ACMCertificateArn": arn, "DomainName": host}, {"ALB.DNSName": "lb.example"})
            outputs, webui = stack.value(DATA["Outputs"]), stack.environment("OpenWebUITaskDefinition")
            self.assertEqual((outputs["ALBEndpoint"]["Value"], webui["WEBUI_URL"]), (want, want))
            self.assertEqual(outputs["LiteLLMEndpoint"]["Value"], want + "/v1")
            for name in ("WEBUI_SESSION_COOKIE_SECURE", "WEBUI_AUTH_COOKIE_SECURE"):
                self.assertEqual(webui[name], "true" if arn else "false")

    def test_the_scanner_sees_every_resource(self):
        stacks = [template.Filled(defaults) for defaults in checkov_variants.VARIANTS.values()]
        for name, resource in RESOURCES.items():
            self.assertTrue(any(stack.condition(resource.get("Condition", {"Fn::And": []})) for stack in stacks), name)
        changed = checkov_variants.with_defaults(TEXT, {"NetworkMode": "nat"})
        self.assertEqual(changed, TEXT.replace("Default: private\n", 'Default: "nat"\n'))

    def test_valkey_is_encrypted(self):
        cache = RESOURCES["Cache"]["Properties"]
        self.assertTrue(cache["TransitEncryptionEnabled"] and cache["AtRestEncryptionEnabled"])

    def test_names_are_free_in_a_second_region(self):
        """Dashboards share their names across regions."""
        name = lambda region: template.Filled(region=region).value(RESOURCES["Dashboard"]["Properties"]["DashboardName"])  # noqa: E731
        self.assertEqual((name("us-west-2"), name("eu-west-1")), ("bedrock-image-chat-us-west-2", "bedrock-image-chat-eu-west-1"))

    def test_endpoints(self):
        """Two zones or one; none but in private mode."""
        names = []
        for resource in RESOURCES.values():
            if resource["Type"] == "AWS::EC2::VPCEndpoint":
                self.assertEqual(resource["Condition"], "IsPrivate")
                names.append(resource["Properties"]["ServiceName"]["Fn::Sub"].split("}.")[1])
                for zones in ("1", "2"):
                    filled = template.Filled({"EndpointAzs": zones}).value(resource["Properties"])
                    if filled["VpcEndpointType"] == "Interface":
                        self.assertEqual(len(filled["SubnetIds"]), int(zones))
        self.assertEqual(sorted(names), ["bedrock-runtime", "ecr.api", "ecr.dkr", "logs", "s3", "secretsmanager"])

    def test_wildcards(self):
        """Whole or in part, only where there is no other way: an action that knows no resource, and the models behind a
        profile, which a condition ties to the profile."""
        wide = set()
        for name, statement in self.statements():
            actions, resources = ([v] if isinstance(v, str) else v for v in (statement["Action"], statement["Resource"]))
            self.assertFalse([a for a in actions if "*" in a], name)
            for resource in resources:
                if "*" in resource:
                    wide |= {(a, resource, "Condition" in statement) for a in actions}
        models = "arn:aws:bedrock:*::foundation-model/*"
        calls = {(f"bedrock:InvokeModel{how}", models, True) for how in ("", "WithResponseStream")}
        self.assertEqual(wide, {("ecr:GetAuthorizationToken", "*", False)} | calls)

    def test_each_task_starts_with_its_own_secrets(self):
        read = {}
        for name, statement in self.statements():
            if "secretsmanager:GetSecretValue" in statement["Action"]:
                given = statement["Resource"]
                read[name] = set(given if isinstance(given, list) else [given])
        stack = template.Filled({"DeploymentSize": "medium"})
        for definition, role in (("OpenWebUITaskDefinition", "ExecutionRole"), ("LiteLLMTaskDefinition", "LiteLLMExecutionRole")):
            self.assertEqual(RESOURCES[definition]["Properties"]["ExecutionRoleArn"], {"Fn::GetAtt": [role, "Arn"]})
            given = {re.match(r"\$\{\w+\}", s["ValueFrom"])[0] for s in stack.container(definition)["Secrets"]}
            self.assertEqual(read[role], given)

    def statements(self):
        """(role, statement) of each policy, in the largest of stacks."""
        stack = template.Filled({"DeploymentSize": "medium"})
        for name, resource in RESOURCES.items():
            for policy in stack.value(resource.get("Properties", {})).get("Policies", []):
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield name, statement

    def test_dashboard_is_json(self):
        body, names = RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
        used = set(re.findall(r"\$\{(\w+)\}", body))
        self.assertEqual(set(names) - used, set())
        widgets = json.loads(body)["widgets"]
        for widget in widgets:
            for metric in widget["properties"].get("metrics", []):
                self.assertTrue(len([m for m in metric if isinstance(m, str)]) >= 4 or metric[0] == "...", metric)

    def test_both_services_wait_for_the_network(self):
        self.assertIn("LiteLLMName", json.dumps(RESOURCES["LiteLLMService"]["Properties"]["ServiceRegistries"]))
        self.assertIn("LiteLLMName", RESOURCES["OpenWebUIService"]["DependsOn"])
        told = json.dumps(RESOURCES["LiteLLMName"])
        for name, resource in RESOURCES.items():
            if resource["Type"] in (
                "AWS::EC2::VPCEndpoint",
                "AWS::EC2::Route",
                "AWS::EC2::SubnetRouteTableAssociation",
                "AWS::ElasticLoadBalancingV2::Listener",
                "AWS::ElasticLoadBalancingV2::ListenerRule",
                "Custom::ImageMirror",
            ):
                self.assertRegex(told, rf"[\"{{]{name}[\"}}]")


class Tables(unittest.TestCase):
    def test_prices(self):
        table = tomllib.loads((template.ASSETS / "prices.toml").read_text())
        regions = {"us-east-1", "us-west-2", "eu-west-1", "ap-northeast-1"}
        rows = {(p["region"], p["item"]): p for p in table["price"]}
        self.assertEqual(len(rows), len(table["price"]), "no row twice")
        for item in {p["item"] for p in table["price"]}:
            self.assertEqual({r for r, i in rows if i == item}, regions, item)
        for row in table["price"] + table["model"]:
            self.assertTrue(row["source"])
            self.assertRegex(row["date"], r"^2026-\d\d-\d\d$")
            self.assertIsInstance(row["verified"], bool)
        models = {m["id"] for m in table["model"]}
        for name in ("ImageModelId", "ChatModelId"):
            self.assertIn(DATA["Parameters"][name]["Default"], models)

    def test_models(self):
        models = {m["id"]: m for m in tomllib.loads((template.ASSETS / "models.toml").read_text())["model"]}
        for name in ("ImageModelId", "ChatModelId"):
            self.assertEqual(models[DATA["Parameters"][name]["Default"]]["state"], "active")
        for model in models.values():
            self.assertIn(model["kind"], ("image", "chat"))
            self.assertIn(model["shape"], ("stability", "nova", "titan", "converse"))
            self.assertIn(model["state"], ("active", "ended"))
            if model["state"] == "ended":
                self.assertEqual(models[model["replace"]]["state"], "active")
                self.assertLessEqual(model["end_of_life"], "2026-11-22")

    def test_guide(self):
        lines = tomllib.loads((template.ASSETS / "guide.toml").read_text())["line"]
        self.assertEqual(len(lines), 57)
        for line in lines:
            self.assertEqual(set(line), {"section", "command", "key", "subcommand", "served", "note"})
            self.assertTrue(line["command"].startswith(("aws ", "jq ", "open ")))


if __name__ == "__main__":
    unittest.main()
