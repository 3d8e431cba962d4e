"""What experiment code may not name: modules, files, and the ways into whatever runs it.

A first line that gives the model a reason it can repair from. What it overlooks meets the
sandbox, which is the guard that counts.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

STANDARD = (
    *("__future__", "math", "random", "statistics", "itertools", "functools", "collections"),
    *("copy", "cmath", "decimal", "string", "numbers", "warnings", "array", "contextlib"),
    *("dataclasses", "typing", "heapq", "bisect", "operator", "enum", "abc", "fractions"),
)
NAMES = (
    *("eval", "exec", "compile", "__import__", "open", "input", "breakpoint"),
    *("globals", "vars", "__builtins__", "__loader__", "__spec__"),
)
ATTRIBUTES = {
    # the machinery of objects, which leads out of them
    *("__builtins__", "__globals__", "__subclasses__", "__base__", "__bases__", "__mro__"),
    *("__code__", "__import__", "__loader__", "__spec__", "__getattribute__", "__closure__"),
    *("__reduce__", "__reduce_ex__", "__dict__", "__self__", "__func__", "__wrapped__"),
    # frames, which lead to whoever called
    *("f_back", "f_globals", "f_locals", "f_builtins", "gi_frame", "cr_frame", "ag_frame"),
    *("tb_frame", "tb_next", "__traceback__", "__context__", "__cause__"),
    # names that are computed when it runs
    *("attrgetter", "methodcaller", "get_type_hints", "ForwardRef"),
    # modules that libraries have imported
    *("os", "sys", "subprocess", "importlib", "builtins", "pathlib", "shutil", "socket"),
    *("ctypes", "ctypeslib", "gc", "inspect", "pickle", "tempfile", "mmap", "posix", "f2py"),
    *("io", "npyio", "runpy", "threading", "multiprocessing"),
}
FILES = {
    *("fromfile", "memmap", "open_memmap", "loadtxt", "genfromtxt", "fromregex", "DataSource"),
    *("savetxt", "savez", "savez_compressed", "tofile", "loadmat", "savemat", "whosmat"),
    *("imread", "imsave", "mmread", "mmwrite", "hb_read", "hb_write", "readsav"),
    *("load_svmlight_file", "load_svmlight_files", "dump_svmlight_file", "load_files"),
    *("load_npz", "save_npz", "from_file", "load_library", "load_inline", "set_data_home"),
    *(
        f"{verb}_{shape}"
        for verb in ("read", "write")
        for shape in (
            *("adjlist", "edgelist", "gexf", "gml", "graph6", "graphml", "leda", "gpickle"),
            *("multiline_adjlist", "network_text", "pajek", "sparse6", "weighted_edgelist"),
        )
    ),
}
OF_A_LIBRARY = {"load", "save", "open", "hub"}  # elsewhere, ordinary names
HELD = ("/input", "/scientist", "/proc", "/dev", "/etc", "/sys", "/home", "/root", "/usr", "/tmp")
NAMEDTUPLE = ("_replace", "_asdict", "_fields", "_make")
LOOKUPS = ("getattr", "setattr", "delattr", "hasattr")


def forbidden(tree: ast.Module, libraries: Sequence[str]) -> Iterator[str]:
    """Every use of something that experiment code may not use, with its line."""
    nodes = list(ast.walk(tree))
    modules = _modules(nodes)
    own = {node.arg for node in nodes if isinstance(node, ast.arg)} & {"input"}
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    for node in nodes:
        if isinstance(node, ast.Name) and node.id in LOOKUPS and id(node) not in called:
            yield f"line {node.lineno}: {node.id} under another name is not allowed: call it"
    for node in nodes:
        for reason in _reasons(node, libraries, modules, own):
            yield f"line {getattr(node, 'lineno', 0)}: {reason}"


def _reasons(
    node: ast.AST, libraries: Sequence[str], modules: set[str], own: set[str]
) -> Iterator[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from _imports(node, libraries)
    elif isinstance(node, ast.Name) and node.id in NAMES and node.id not in own:
        yield f"{node.id} is not allowed"
    elif isinstance(node, ast.Attribute):
        yield from _attribute(node, modules)
    elif isinstance(node, ast.Call):
        yield from _lookup(node)
    elif isinstance(node, ast.Constant) and _is_held(node.value):
        yield (
            f"the path {node.value!r:.60} is not allowed: a trial sees its arm, its seed "
            "and its parameters, and no files"
        )


def _imports(node: ast.Import | ast.ImportFrom, libraries: Sequence[str]) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom):
        modules = ["." * node.level + (node.module or "")]
        whole = [f"{modules[0]}.{alias.name}" for alias in node.names]
        if any(alias.name == "*" for alias in node.names):
            yield f"import * from {modules[0]} is not allowed: name what is needed"
    else:
        modules = whole = [alias.name for alias in node.names]
    for module in modules:
        first = module.split(".")[0]
        if first == "scientist":
            yield "import of scientist is not allowed: an experiment may not see what judges it"
        elif first not in STANDARD and first not in libraries:
            allowed = ", ".join(libraries)
            yield (
                f"import of {module} is not allowed: use what Python computes with (math, random, "
                f"statistics, itertools, collections, ...) and {allowed}"
            )
    for name in whole:
        for part in name.split(".")[1:]:
            yield from _name(part, of_a_library=name.split(".")[0] in libraries)


def _modules(nodes: Sequence[ast.AST]) -> set[str]:
    """The names that stand for modules in the code, under other names, too."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.Assign) and getattr(node.value, "id", "") in found:
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def _attribute(node: ast.Attribute, modules: set[str]) -> Iterator[str]:
    root: ast.expr = node
    while isinstance(root, ast.Attribute):
        root = root.value
    own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
    if node.attr.startswith("_") and not node.attr.endswith("__"):
        if not own and node.attr not in NAMEDTUPLE:
            yield f"{node.attr} is not allowed: it is private to its library"
    elif not own or node.attr.startswith("__"):
        yield from _name(node.attr, isinstance(root, ast.Name) and root.id in modules)


def _name(name: str, of_a_library: bool) -> Iterator[str]:
    if name in FILES or (of_a_library and name in OF_A_LIBRARY) or name.startswith("fetch_"):
        yield f"{name} is not allowed: it reads or writes files, and an experiment has none"
    elif name in ATTRIBUTES:
        yield f"{name} is not allowed: it leads out of the experiment"


def _lookup(node: ast.Call) -> Iterator[str]:
    """An attribute that is named by text."""
    if not (isinstance(node.func, ast.Name) and node.func.id in LOOKUPS and len(node.args) > 1):
        return
    name = node.args[1]
    if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
        yield f"{node.func.id} with a computed name is not allowed: write the name out"
        return
    private = name.value.startswith("_") and not name.value.endswith("__")
    if private or name.value in ATTRIBUTES | FILES | OF_A_LIBRARY:
        yield f"{node.func.id} of {name.value} is not allowed"


def _is_held(value: object) -> bool:
    """Whether a text is a path to something that is not the experiment's business."""
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    if not isinstance(value, str) or any(letter.isspace() for letter in value):
        return False
    return any(value == place or value.startswith(f"{place}/") for place in HELD)
