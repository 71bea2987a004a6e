"""The examples in the documentation of functions are run; the stubs and the module have the same names."""

import ast
import doctest
import inspect
import operator
from pathlib import Path

import pytest

import whither


FLEET = ("plan", "read", "verify", "proven", "join", "merge")


@pytest.mark.parametrize("name", ["", "flows", "map", "check", "lookup", "fleet", *(f"fleet.{name}" for name in FLEET)])
def test_examples(name):
    pytest.importorskip("pyarrow")
    documented = operator.attrgetter(name)(whither) if name else whither
    text = inspect.getdoc(documented)
    test = doctest.DocTestParser().get_doctest(text, {"whither": whither}, name or "whither", None, 0)
    assert test.examples, f"no example for {name}"
    result = doctest.DocTestRunner().run(test)
    assert result.failed == 0


@pytest.mark.parametrize(
    ("module", "names", "others"),
    [
        (whither, {"flows", "map", "check", "lookup"}, {"CaptureError", "CaptureWarning", "__version__", "fleet"}),
        (whither.fleet, set(FLEET), {"COLUMNS"}),
    ],
)
def test_stubs_have_the_arguments_of_the_functions(module, names, others):
    tree = ast.parse(Path(module.__file__).with_suffix(".pyi").read_text())
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert set(functions) == names
    for name, node in functions.items():
        stub = [argument.arg for argument in node.args.args + node.args.kwonlyargs]
        assert stub == list(inspect.signature(getattr(module, name)).parameters), name
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    for name, node in classes.items():
        methods = {one.name for one in node.body if isinstance(one, ast.FunctionDef)}
        assert methods <= set(dir(getattr(module, name))), name
    assert set(module.__all__) == {*functions, *classes, *others}
