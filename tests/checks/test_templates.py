"""Every template of ours compiles: its tags exist, its blocks close, its parts are there."""

from pathlib import Path

import pytest
from django.template import Template
from django.template.loader import get_template
from django.template.loader_tags import ExtendsNode, IncludeNode

ROOT = Path(__file__).resolve().parents[2]
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
