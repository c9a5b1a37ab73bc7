#!/usr/bin/env python3
"""Write the template with other defaults: the scanner judges only what the defaults' conditions make.

    checkov_variants.py FOLDER

Together the variants hold every resource of the template. The scanner follows no condition that refers to another, so
what "auto" would come to is said outright. Standard library only; the template is edited as text.
"""

import pathlib
import re
import sys

TEMPLATE = pathlib.Path(__file__).resolve().parents[2] / "assets" / "bedrock-image-chat-stack.yaml"
VARIANTS = {
    "defaults": {},
    "medium": {
        "DeploymentSize": "medium",
        "Database": "postgres",
        "ExposeLiteLLM": "true",
        "ACMCertificateArn": "arn:aws:acm:us-west-2:123456789012:certificate/11111111-2222-3333-4444-555555555555",
        "DomainName": "chat.example.com",
        "FileSystemDeletionPolicy": "Retain",
        "ProvisionedModelArn": "arn:aws:bedrock:us-west-2:123456789012:provisioned-model/abcdefghij12",
        "AlarmTopicArn": "arn:aws:sns:us-west-2:123456789012:ops",
    },
    "public": {"NetworkMode": "public", "ExposeLiteLLM": "true"},
    "nat": {"NetworkMode": "nat", "Database": "postgres"},
}


def with_defaults(text, defaults):
    for name, value in defaults.items():
        text, found = re.subn(rf"(?m)^(  {name}:\n    Type: \w+\n    Default: ).*$", lambda m: f'{m[1]}"{value}"', text)
        if found != 1:
            raise SystemExit(f"the template has no parameter {name}")
    return text


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for name, defaults in VARIANTS.items():
        (pathlib.Path(sys.argv[1]) / f"{name}.yaml").write_text(with_defaults(TEMPLATE.read_text(), defaults))


if __name__ == "__main__":
    main()
