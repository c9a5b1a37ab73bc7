"""AWS calls with AWS's own library for Python, past the program under test.

    calls.py URL

Reads one call a line, [service, operation, parameters] as JSON, and answers each with a line: the
answer, or AWS's refusal. Credentials come from the environment.
"""

import functools
import json
import sys

import boto3
from botocore.exceptions import ClientError


@functools.cache
def client(service):
    return boto3.client(service, endpoint_url=sys.argv[1], region_name="us-west-2")


for line in sys.stdin:
    service, operation, parameters = json.loads(line)
    try:
        answer = getattr(client(service), operation)(**parameters)
    except ClientError as refusal:
        answer = refusal.response
    print(json.dumps(answer, default=str), flush=True)
