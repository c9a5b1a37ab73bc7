"""The image mirror: the function that answers CloudFormation, and its build.

    python3 -m unittest discover -s tests/assets
"""

import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import types
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import template  # noqa: E402
import yaml  # noqa: E402

WANT = {"Project": "p-mirror", "WebUI": "v0.12.4", "LiteLLM": "v1.106.2", "Arch": "X86_64"}


class Builds:
    """A CodeBuild that answers with the given states, one after the other."""

    def __init__(self, *states, phases=(), refuse=None, told=()):
        self.states, self.phases, self.refuse, self.started = list(states), list(phases), refuse, []
        self.told = [{"name": k, "value": v} for k, v in told]

    def build(self):
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {"id": "p-mirror:1", "buildStatus": state, "phases": self.phases, "exportedEnvironmentVariables": self.told}

    def start_build(self, **given):
        if self.refuse:
            raise RuntimeError(self.refuse)
        self.started.append(given)
        return {"build": self.build()}

    def batch_get_builds(self, ids):
        assert ids == ["p-mirror:1"]
        return {"builds": [self.build()]}


class Context:
    def __init__(self, *left):
        self.left = list(left) or [900000]

    def get_remaining_time_in_millis(self):
        return self.left.pop(0) if len(self.left) > 1 else self.left[0]


class Handler(unittest.TestCase):
    def run_handler(self, builds, request="Create", context=None, **more):
        code = template.block("ZipFile")
        self.assertLessEqual(len(code), 4096, "inline code is limited to 4096 characters")
        session = types.ModuleType("botocore.session")
        session.get_session = lambda: types.SimpleNamespace(create_client=lambda name: {"codebuild": builds}[name])
        botocore = types.ModuleType("botocore")
        botocore.session = session
        sent, slept = [], []
        with mock.patch.dict(sys.modules, {"botocore": botocore, "botocore.session": session}):
            space = {}
            exec(compile(code, "index.py", "exec"), space)
            space["time"] = types.SimpleNamespace(sleep=slept.append)
            event = {
                "RequestType": request,
                "StackId": "s",
                "RequestId": "r",
                "LogicalResourceId": "ImageMirror",
                "ResponseURL": "http://127.0.0.1/answer",
                "ResourceProperties": WANT,
                **more,
            }
            with mock.patch("urllib.request.urlopen", lambda q, timeout: sent.append(q)), mock.patch(
                "sys.stdout", io.StringIO()
            ):
                space["handler"](event, context or Context())
        self.assertEqual(len(sent), 1, "CloudFormation gets exactly one answer")
        self.assertEqual((sent[0].get_method(), sent[0].full_url), ("PUT", "http://127.0.0.1/answer"))
        self.slept = slept
        return json.loads(sent[0].data)

    def test_create_starts_one_build_and_waits(self):
        builds = Builds("IN_PROGRESS", "IN_PROGRESS", "SUCCEEDED")
        answer = self.run_handler(builds)
        self.assertEqual(answer["Status"], "SUCCESS")
        self.assertEqual(answer["PhysicalResourceId"], "image-mirror")
        self.assertEqual((answer["StackId"], answer["RequestId"], answer["LogicalResourceId"]), ("s", "r", "ImageMirror"))
        self.assertEqual(len(self.slept), 2)
        given = builds.started[0]
        self.assertEqual(given["projectName"], "p-mirror")
        names = {v["name"]: v["value"] for v in given["environmentVariablesOverride"]}
        self.assertEqual(names, {"WEBUI": "v0.12.4", "LITELLM": "v1.106.2", "ARCH": "X86_64"})

    def test_digests_are_recorded(self):
        told = [("WEBUI_DIGEST", "sha256:1"), ("LITELLM_DIGEST", "sha256:2")]
        answer = self.run_handler(Builds("SUCCEEDED", told=told))
        self.assertEqual(answer["Data"], {"WebUIDigest": "sha256:1", "LiteLLMDigest": "sha256:2"})
        read = {o["Value"]["Fn::GetAtt"][1] for o in template.load()["Outputs"].values() if "ImageMirror" in str(o["Value"])}
        self.assertEqual(read, set(answer["Data"]), "each is an output")

    def test_a_build_that_names_no_digest_is_no_failure(self):
        answer = self.run_handler(Builds("SUCCEEDED"))
        self.assertEqual((answer["Status"], set(answer["Data"].values())), ("SUCCESS", {"not known"}))

    def test_update_builds_again_under_the_same_id(self):
        builds = Builds("SUCCEEDED")
        answer = self.run_handler(builds, "Update", PhysicalResourceId="image-mirror")
        self.assertEqual((answer["Status"], answer["PhysicalResourceId"]), ("SUCCESS", "image-mirror"))
        self.assertEqual(len(builds.started), 1)

    def test_delete_builds_nothing(self):
        builds = Builds("SUCCEEDED")
        self.assertEqual(self.run_handler(builds, "Delete", PhysicalResourceId="x")["Status"], "SUCCESS")
        self.assertEqual(builds.started, [])

    def test_delete_after_a_create_that_never_answered(self):
        self.assertEqual(self.run_handler(Builds("SUCCEEDED"), "Delete")["Status"], "SUCCESS")

    def test_failed_build_says_why(self):
        phases = [{"contexts": [{"message": "manifest unknown"}]}, {}]
        answer = self.run_handler(Builds("IN_PROGRESS", "FAILED", phases=phases))
        self.assertEqual(answer["Status"], "FAILED")
        self.assertNotIn("Data", answer)
        self.assertIn("manifest unknown", answer["Reason"])
        self.assertIn("p-mirror:1", answer["Reason"])

    def test_every_end_of_a_build_but_success_is_a_failure(self):
        for state in ("FAILED", "FAULT", "STOPPED", "TIMED_OUT"):
            for request in ("Create", "Update"):
                answer = self.run_handler(Builds("IN_PROGRESS", state), request)
                self.assertEqual(answer["Status"], "FAILED", state)
                self.assertIn(state, answer["Reason"])

    def test_account_that_may_not_build(self):
        answer = self.run_handler(Builds("SUCCEEDED", refuse="Cannot have more than 0 builds in queue for the account"))
        self.assertEqual(answer["Status"], "FAILED")
        self.assertIn("0 builds in queue", answer["Reason"])

    def test_time_out_is_answered_before_the_function_dies(self):
        answer = self.run_handler(Builds("IN_PROGRESS"), context=Context(900000, 300000, 35000))
        self.assertEqual(answer["Status"], "FAILED")
        self.assertIn("still running", answer["Reason"])
        self.assertEqual(len(self.slept), 2)

    def test_long_reason_is_cut(self):
        self.assertLessEqual(len(self.run_handler(Builds("SUCCEEDED", refuse="x" * 9000))["Reason"]), 1000)


# Notes its call, and fails where BREAK says so. What was pushed, or is PRESENT, is there.
STUB = """#!/bin/sh
call="$(basename "$0") $*"
case "$call" in "docker login"*) read -r password; call="$call < $password" ;; esac
echo "$call" >> "$CALLS"
case "$call" in $BREAK) exit 7 ;; esac
case "$call" in
  "aws ecr get-login-password") echo token ;;
  "aws ecr describe-images"*)
    case "$PRESENT " in *"$4 "*) ;; *) grep -q "^docker push .*/$4:" "$CALLS" || exit 254 ;; esac
    case "$call" in *--query*) echo "sha256:$4" ;; esac ;;
esac
"""
LOGIN = ["aws ecr get-login-password", "docker login --username AWS --password-stdin registry.example < token"]


class Build(unittest.TestCase):
    def run_build(self, arch="X86_64", present="", broken="nothing"):
        """Exit status, calls, and what the build exports. CodeBuild runs its commands in one shell, up to the first
        that fails."""
        spec = yaml.safe_load(template.block("BuildSpec"))
        self.assertEqual((spec["version"], spec["env"]["shell"]), (0.2, "bash"))
        exported = spec["env"]["exported-variables"]
        script = "".join(f"{command.rstrip()}\n[ $? = 0 ] || exit 1\n" for command in spec["phases"]["build"]["commands"])
        script += f"env | grep -E '^({'|'.join(exported)})=' >&2\n"
        with tempfile.TemporaryDirectory() as folder:
            for name in ("aws", "docker"):
                path = pathlib.Path(folder, name)
                path.write_text(STUB)
                path.chmod(0o755)
            calls = pathlib.Path(folder, "calls")
            calls.touch()
            environment = {
                "PATH": folder + os.pathsep + os.environ["PATH"],
                "CALLS": str(calls),
                "PRESENT": present,
                "BREAK": broken,
                "REGISTRY": "registry.example",
                "PROJECT": "chat",
                "WEBUI": "v0.12.4",
                "LITELLM": "v1.106.2",
                "ARCH": arch,
            }
            done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True)
            told = dict(line.split("=", 1) for line in done.stderr.splitlines() if "_DIGEST=" in line)
            return done.returncode, calls.read_text().splitlines(), told

    def calls(self, arch, present=()):
        """What a build that goes well calls, in order."""
        host = re.search(r'mirror "([^/]+)/', template.block("BuildSpec"))[1]
        images = [("litellm", f"{host}/berriai/litellm", "v1.106.2"), ("open-webui", f"{host}/open-webui/open-webui", "v0.12.4")]
        out = list(LOGIN)
        for name, source, version in images:
            target = f"registry.example/chat/{name}:{version}-{arch}"
            out.append(f"aws ecr describe-images --repository-name chat/{name} --image-ids imageTag={version}-{arch}")
            if name not in present:
                platform = {"X86_64": "linux/amd64", "ARM64": "linux/arm64"}[arch]
                out.append(f"docker pull --platform {platform} {source}:{version}")
                out += [f"docker tag {source}:{version} {target}", f"docker push {target}"]
        ask = "--query imageDetails[0].imageDigest --output text"
        for name, _, version in reversed(images):
            out.append(f"aws ecr describe-images --repository-name chat/{name} --image-ids imageTag={version}-{arch} {ask}")
        return out

    def test_each_call_with_its_arguments_in_order(self):
        for arch in ("X86_64", "ARM64"):
            for present in ([], ["litellm"], ["open-webui"], ["litellm", "open-webui"]):
                with self.subTest(arch=arch, present=present):
                    code, calls, told = self.run_build(arch, "".join(f" chat/{name}" for name in present))
                    self.assertEqual(code, 0)
                    self.assertEqual(calls, self.calls(arch, present))
                    self.assertEqual(told, {"WEBUI_DIGEST": "sha256:chat/open-webui", "LITELLM_DIGEST": "sha256:chat/litellm"})

    def test_each_step_that_fails_fails_the_build(self):
        """Whatever call fails, none comes after it. Only the question whether an image is there may be denied."""
        good = self.calls("X86_64")
        for number, step in enumerate(good):
            if "describe-images" in step and "--query" not in step:
                continue
            with self.subTest(step):
                code, calls, _ = self.run_build(broken=step.replace("[", "?").replace("]", "?"))
                self.assertNotEqual(code, 0)
                # A login has begun when its password fails to come.
                want = [LOGIN[0], LOGIN[1].replace("token", "")] if number == 0 else good[: number + 1]
                self.assertEqual(calls, want, f"went on after {step}")

    def test_tag_is_the_one_that_the_tasks_ask_for(self):
        stack = template.Filled()
        for service, folder in (("LiteLLM", "litellm"), ("OpenWebUI", "open-webui")):
            image = template.load()["Resources"][f"{service}TaskDefinition"]["Properties"]["ContainerDefinitions"][0]["Image"]["Fn::If"][1]
            self.assertEqual(image, {"Fn::Sub": f"${{{service}Repository.RepositoryUri}}:${{{service}Version}}-${{CpuArchitecture}}"})
            repository = stack.value(template.load()["Resources"][f"{service}Repository"]["Properties"])
            self.assertEqual(repository["RepositoryName"], f"bedrock-image-chat/{folder}")


if __name__ == "__main__":
    unittest.main()
