"""The names that the kit offers are there, documented, and no others are promised."""
import importlib
import inspect
import pathlib
import pkgutil

import npfl_kit

KIT = pathlib.Path(npfl_kit.__file__).parent


def modules():
    for info in pkgutil.walk_packages([str(KIT)], "npfl_kit."):
        if not info.name.endswith("__main__"):
            yield importlib.import_module(info.name)


def test_the_facade_keeps_its_promises():
    for name in npfl_kit.__all__:
        assert getattr(npfl_kit, name) is not None


def test_every_all_names_what_exists():
    for module in modules():
        for name in getattr(module, "__all__", ()):
            assert hasattr(module, name), f"{module.__name__}.__all__ names {name}"


def test_every_module_and_public_object_has_a_docstring():
    bare = []
    for module in modules():
        if not module.__doc__:
            bare.append(module.__name__)
        for name, thing in vars(module).items():
            own = getattr(thing, "__module__", None) == module.__name__
            if own and not name.startswith("_") and (inspect.isclass(thing) or inspect.isfunction(thing)):
                if not thing.__doc__:
                    bare.append(f"{module.__name__}.{name}")

    assert not bare, f"without a docstring: {', '.join(bare)}"
