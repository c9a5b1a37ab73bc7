"""Read the stack template: as data, and pieces of it as text. Needs PyYAML."""

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
