"""Read the stack template: as data, as pieces of text, and with its parameters filled in. Needs PyYAML."""

import functools
import pathlib
import re
import textwrap

import yaml

ASSETS = pathlib.Path(__file__).resolve().parents[2] / "assets"
PATH = ASSETS / "bedrock-image-chat-stack.yaml"


class _Loader(yaml.SafeLoader):
    pass


def _tag(loader, suffix, node):
    name = suffix if suffix in ("Ref", "Condition") else "Fn::" + suffix
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {name: value}


_Loader.add_multi_constructor("!", _tag)


@functools.cache
def load():
    return yaml.load(PATH.read_text(), Loader=_Loader)


def block(key):
    """The text of a block scalar (`key: |`), without its indentation."""
    lines = PATH.read_text().splitlines()
    for number, line in enumerate(lines):
        found = re.match(rf"( *)(?:- )?{key}: \|", line)
        if not found:
            continue
        taken = []
        for inner in lines[number + 1:]:
            if inner.strip() and len(inner) - len(inner.lstrip()) <= len(found[1]):
                break
            taken.append(inner)
        return textwrap.dedent("\n".join(taken)) + "\n"
    raise KeyError(key)


class Filled:
    """The template with parameters: conditions decided, functions worked out as CloudFormation does.

    A resource is known by what `known` says of `Logical` or `Logical.Attribute`, and stands as `${Logical}` else.
    """

    def __init__(self, parameters=None, known=None, region="us-west-2"):
        self.data = load()
        defaults = {k: str(v["Default"]) for k, v in self.data["Parameters"].items()}
        pseudo = {"AWS::Region": region, "AWS::AccountId": "123456789012", "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}
        self.names = {**(known or {}), **pseudo, **defaults, **(parameters or {})}

    def condition(self, test):
        if isinstance(test, str):
            return self.condition(self.data["Conditions"][test])
        (kind, parts), = test.items()
        if kind == "Condition":
            return self.condition(parts)
        if kind == "Fn::Equals":
            return self.value(parts[0]) == self.value(parts[1])
        return {"Fn::Not": lambda p: not p[0], "Fn::And": all, "Fn::Or": any}[kind]([self.condition(p) for p in parts])

    def value(self, value):
        """It, worked out; `None` is `AWS::NoValue`, and is left out of lists and maps."""
        if isinstance(value, list):
            return [v for v in map(self.value, value) if v is not None]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (kind, given), = value.items()
            if kind == "Ref":
                return None if given == "AWS::NoValue" else self.names.get(given, "${%s}" % given)
            if kind == "Fn::GetAtt":
                return self.names.get(".".join(given), "${%s}" % ".".join(given))
            if kind == "Fn::If":
                return self.value(given[1 if self.condition(given[0]) else 2])
            if kind == "Fn::FindInMap":
                table, row, column = map(self.value, given)
                return self.data["Mappings"][table][row][column]
            if kind == "Fn::Join":
                between, parts = map(self.value, given)
                return between.join(parts)
            if kind == "Fn::Sub":
                text, more = given if isinstance(given, list) else (given, {})
                names = {**self.names, **{k: self.value(v) for k, v in more.items()}}
                return re.sub(r"\$\{([\w:.]+)\}", lambda m: names.get(m[1], m[0]), text)
        filled = {k: self.value(v) for k, v in value.items()}
        return {k: v for k, v in filled.items() if v is not None}

    def container(self, definition):
        """The container of a task definition, as ECS gets it."""
        return self.value(self.data["Resources"][definition]["Properties"]["ContainerDefinitions"][0])

    def environment(self, definition):
        return {e["Name"]: e["Value"] for e in self.container(definition)["Environment"]}
