"""Every template of ours compiles: its tags exist, its blocks close, its parts are there, and its forms can be sent."""

import re
from pathlib import Path

import pytest
from django.template import Template
from django.template.loader import get_template
from django.template.loader_tags import ExtendsNode, IncludeNode

ROOT = Path(__file__).resolve().parents[2]
ALONE = re.compile(r'{% include "([^"]+)"[^%]* only %}')
NAMES = sorted(path.relative_to(folder).as_posix() for folder in ROOT.glob("kept/*/templates") for path in folder.rglob("*.html"))


@pytest.mark.parametrize("name", NAMES)
def test_it_compiles(name: str) -> None:
    template: Template = get_template(name).template  # type: ignore[attr-defined]

    for node in template.nodelist.get_nodes_by_type(IncludeNode):
        if isinstance(named := getattr(node.template, "var", None), str):  # type: ignore[attr-defined]
            get_template(named)
    for node in template.nodelist.get_nodes_by_type(ExtendsNode):
        if isinstance(named := node.parent_name.var, str):  # type: ignore[attr-defined]
            get_template(named)


@pytest.mark.parametrize("name", NAMES)
def test_a_form_is_not_cut_off_from_its_token(name: str) -> None:
    """`only` hides {% csrf_token %}'s token too: the form would be refused."""
    for part in ALONE.findall(_source(name)):
        assert "{% csrf_token %}" not in _source(part), part


def _source(name: str) -> str:
    return Path(get_template(name).origin.name).read_text()  # type: ignore[attr-defined]
