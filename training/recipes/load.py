"""Recipes from files and back: finding, reading, resolving teachers, checking, writing."""

from __future__ import annotations

import re
import reprlib
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any, get_args

import tomli_w
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from training.core.reading import read_bytes
from training.core.text import did_you_mean, one_line
from training.recipes import former
from training.recipes.base import AnyRecipe, RecipeError
from training.recipes.derived import PRETRAINED
from training.recipes.latent import LatentRecipe
from training.recipes.scratch import ScratchRecipe
from training.recipes.transfer import Control, TransferRecipe
from training.triggers.artwork import FOLDER

RECIPES = Path(str(resources.files("training"))) / "recipes"
"""The folder of the recipes that come with the package."""
KINDS: dict[str, type[AnyRecipe]] = {"from-scratch": ScratchRecipe, "transfer": TransferRecipe, "latent": LatentRecipe}
"""Kind -> the model that checks it."""
MOST_GENERATIONS = 16
"""How many recipes may build on one another."""
MOST_PROBLEMS = 20
"""How many wrong fields an error lists."""
SEE_THROUGH = -1
"""Written in place of null in a list, as in a trigger's pattern: TOML has no null."""

RECIPE_BYTES = 1 << 20
"""The most that a recipe's file may hold: a hundred times the longest that comes along, and parsed in a moment."""
MOST_DOTS = 32
"""In a key, such as teacher.teacher.name."""

_KEY = r"""(?:[\w-]++|"(?:[^"\\\n]|\\.){0,200}+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"(?<![\w-])(?:{_KEY}[ \t]*+\.[ \t]*+){{{MOST_DOTS + 1}}}")
"""More dots; tomllib keeps a copy of every beginning of a key, gigabytes for a small file."""
_LONGEST_PATH = 500
"""Letters of a path that an error repeats."""
_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxother = 2, 60, 60


def names() -> list[str]:
    """Names of the recipes (sweeps and studies of defences among them) that come with the package, sorted."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def is_path(name_or_path: str) -> bool:
    """Whether this means a file, not the name of a recipe that comes with the package."""
    return name_or_path.endswith(".toml") or "/" in name_or_path


def locate(name_or_path: str | Path) -> Path:
    """The file of a recipe given by name or by path.

    Raises:
        RecipeError: If there is none; suggests a similar name.
    """
    given = str(name_or_path)
    if is_path(given):
        if not _exists(Path(given)):
            raise RecipeError(f"{given[:_LONGEST_PATH]}: there is no such recipe file")
        return Path(given)
    if given in names():
        return RECIPES / f"{given}.toml"
    hint = did_you_mean(given, names(), f"there are: {', '.join(names())}")
    raise RecipeError(f"there is no recipe {_SHORT.repr(given)}; {hint}")


def _exists(path: Path) -> bool:
    """Whether something has that path, `read_toml` says what; nothing has one that is too long for the system."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file's table.

    Raises:
        RecipeError: With the file and the position, if it cannot be read or parsed.
    """
    try:
        text = read_bytes(path, RECIPE_BYTES).decode("utf-8-sig")  # some editors begin a file with a byte order mark
        if _LONG_KEY.search(text):
            raise RecipeError(f"{path}: a key has more than {MOST_DOTS} dots: tables are nested too deeply")
        return tomllib.loads(text)
    except RecipeError:
        raise
    except OSError as error:
        raise RecipeError(f"{path}: cannot read the recipe: {error.strerror}") from error
    except ValueError as error:  # wrong syntax, wrong encoding, or a number with thousands of digits
        raise RecipeError(f"{path}: not a TOML file: {error}") from error
    except RecursionError as error:
        raise RecipeError(f"{path}: tables or lists are nested too deeply") from error


def load(name_or_path: str | Path) -> AnyRecipe:
    """Load a recipe by its name or its file.

    Raises:
        RecipeError: In one line: the file, every wrong field, what was found and what was expected.
    """
    path = locate(name_or_path)
    table = read_toml(path)
    if "sweep" in table:
        raise RecipeError(f"{path}: this is a sweep, not one recipe; run it with: backdoors sweep {name_or_path}")
    if is_study(table):
        raise RecipeError(
            f"{path}: this is a study of defences, not one recipe; run it with: backdoors study-defences {name_or_path}"
        )
    return parse(table, path)


def is_study(table: dict[str, Any]) -> bool:
    """Whether a file's table is that of a study of defences."""
    return "attacks" in table or "defences" in table


def parse(table: dict[str, Any], where: Path) -> AnyRecipe:
    """A recipe from a parsed table; `where` is the file that errors name.

    Raises:
        RecipeError: As `load`.
    """
    reader = _Reader()
    reader.reading.append(where.resolve())
    recipe = reader.table(table, where)
    if recipe is None:
        raise RecipeError(reader.report())
    return recipe


def to_toml(recipe: AnyRecipe) -> str:
    """A recipe as TOML, every field written out."""
    return tomli_w.dumps(_without_null(recipe.model_dump(mode="json", exclude_none=True)))


def _without_null(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {name: _without_null(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [SEE_THROUGH if inner is None else _without_null(inner) for inner in value]
    return value


class _Reader:
    """Reads a recipe with those it builds on, and collects what is wrong with them."""

    def __init__(self) -> None:
        self.reading: list[Path] = []
        """Files that are being read, each for the one before it."""
        self._read: dict[Path, AnyRecipe | None] = {}
        self._generation = 0
        self._problems: dict[Path, list[str]] = {}

    def report(self) -> str:
        """All problems in one line, under their files."""
        return one_line("; ".join(f"{where}: {'; '.join(found)}" for where, found in self._problems.items() if found))

    def table(self, table: dict[str, Any], where: Path, prefix: str = "") -> AnyRecipe | None:
        """A recipe from a table; None if something is wrong.

        Args:
            table: The recipe's fields.
            where: The file that contains it.
            prefix: The table's path in the file, with a dot at its end.
        """
        self._generation += 1
        try:
            return self._table(table, where, prefix)
        finally:
            self._generation -= 1

    def _table(self, table: dict[str, Any], where: Path, prefix: str) -> AnyRecipe | None:
        problems = self._problems.setdefault(where, [])
        before = sum(map(len, self._problems.values()))
        if self._generation > MOST_GENERATIONS:
            raise RecipeError(f"{where}: more than {MOST_GENERATIONS} recipes build on one another")
        try:
            fields = former.current(table)
        except ValueError as error:
            problems.append(f"{prefix}: {error}" if prefix else str(error))
            return None
        kind = fields.get("kind") or "from-scratch"
        model = KINDS.get(kind) if isinstance(kind, str) else None
        if model is None:
            problems.append(f"field {prefix}kind: there is no kind {_SHORT.repr(kind)}; there are: {', '.join(KINDS)}")
            return None
        resolved = self._resolve(fields, where, prefix) if model is not ScratchRecipe else set()
        try:
            recipe = model.model_validate(fields, context={FOLDER: where.parent})
        except ValidationError as error:
            listed = error.errors(include_url=False, include_context=False)
            found = [each for each in listed if each["loc"][:1] not in {(name,) for name in resolved}]
            problems += _described(found, model, prefix)
            return None
        return recipe if sum(map(len, self._problems.values())) == before else None

    def _resolve(self, fields: dict[str, Any], where: Path, prefix: str) -> set[str]:
        """Replace the names of other recipes by those recipes; returns the fields that could not be replaced."""
        failed = set()
        teacher, attack = fields.get("teacher"), fields.get("attack")
        if isinstance(teacher, str | dict) and teacher != PRETRAINED:
            if isinstance(teacher, str):
                recipe = self._by_name(teacher, where, f"{prefix}teacher")
            else:
                recipe = self.table(teacher, where, f"{prefix}teacher.")
            fields["teacher"] = recipe
            failed |= set() if recipe else {"teacher"}
        if isinstance(attack, str):
            recipe = self._by_name(attack, where, f"{prefix}attack")
            if isinstance(recipe, LatentRecipe):
                fields["attack"] = Control(trigger=recipe.trigger, target=recipe.target)
            else:
                failed.add("attack")
                if recipe is not None:
                    self._problems[where].append(f"field {prefix}attack: {attack} is not a latent recipe")
        return failed

    def _by_name(self, name_or_path: str, where: Path, field: str) -> AnyRecipe | None:
        """The recipe that a field names, each file read once."""
        try:
            path = locate(beside(where, name_or_path))
            real = path.resolve()
            if real in self.reading:
                circle = [*self.reading[self.reading.index(real) :], real]
                raise RecipeError(
                    f"a circle of teachers, {' -> '.join(each.stem for each in circle)}: one must be trained from "
                    "scratch or start from published weights"
                )
            table = {} if real in self._read else read_toml(path)
        except RecipeError as error:
            self._problems[where].append(f"field {field}: {error}")
            return None
        if real not in self._read:
            self.reading.append(real)
            self._read[real] = self.table(table, path)
            self.reading.pop()
        return self._read[real]


def beside(where: Path, name_or_path: str) -> str:
    """The path of a recipe file that the file `where` names: beside that file if there is one, as it is otherwise."""
    beside = where.parent / name_or_path
    return str(beside) if is_path(name_or_path) and _exists(beside) else name_or_path


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """Everything that pydantic found wrong, as one line, with hints for misspelt fields."""
    return "; ".join(_described(error.errors(), model, ""))


def _described(errors: list[ErrorDetails], model: type[BaseModel], prefix: str) -> list[str]:
    own = [error for error in errors if error["type"] != "default_factory_not_called"]  # follows from another
    shown = [_problem(error, model, prefix) for error in own[:MOST_PROBLEMS]]
    more = len(own) - len(shown)
    return [*shown, f"and {more} more"] if more else shown


def _problem(error: ErrorDetails, model: type[BaseModel], prefix: str) -> str:
    """One problem: which field, what is wrong with it, what was found."""
    path, known = _place(error["loc"], model)
    if error["type"] == "union_tag_not_found":
        return f"field {prefix}{'.'.join(path)}.kind: field required"
    where = prefix + ".".join(path) if path else f"{prefix.rstrip('.')}" or "(whole file)"
    if error["type"] == "extra_forbidden":
        hint = did_you_mean(path[-1], known, f"known here: {', '.join(known)}")
        return f"unknown field {where}{f' ({hint})' if known else ''}"
    message = error["msg"].removeprefix("Value error, ")
    found = "" if error["type"] == "missing" or not path else f", found {_SHORT.repr(error['input'])}"
    return f"field {where}: {message[:1].lower()}{message[1:]}{found}" if path else f"{where}: {message}"


def _place(location: tuple[int | str, ...], model: type[BaseModel]) -> tuple[list[str], list[str]]:
    """A field's path as an author writes it, without pydantic's union tags; and the fields of the table around it."""
    path: list[str] = []
    candidates: list[type[BaseModel]] = [model]
    tables = candidates
    for part in location:
        fields = [each.model_fields[str(part)] for each in candidates if part in each.model_fields]
        tagged = [
            each for each in candidates if "kind" in each.model_fields and each.model_fields["kind"].default == part
        ]
        if fields:
            tables, candidates = candidates, [inner for field in fields for inner in _models(field.annotation)]
        elif tagged:
            candidates = tagged
            continue
        else:
            tables, candidates = candidates, []
        path.append(str(part))
    return path, sorted({name for each in tables for name in each.model_fields})


def _models(annotation: Any) -> list[type[BaseModel]]:  # noqa: ANN401 - a type hint has no type
    """The models that a type hint names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models(inner)]
