"""Evaluate the `{{ … }}` of a page: each on its own, so that every mistake of a page is reported at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import jinja2

from site_src.plugin.problems import did_you_mean
from training.core.errors import UserError


class ExpressionError(UserError):
    """An expression that cannot be evaluated."""


class FactError(UserError):
    """A missing fact that a page asks for. Raised by macros; the message is for the author."""


Macros = Mapping[str, object]
"""What expressions may name: functions and values."""

_environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701 - yields Markdown


def evaluate(code: str, macros: Macros) -> object:
    """The value of one expression.

    Args:
        code: A Jinja expression, for example `metric('mnist-badnet', 'clean_accuracy')`.
        macros: What it may name.

    Raises:
        ExpressionError: With what is wrong, and a suggestion where there is one.
    """
    try:
        value = _environment.compile_expression(code, undefined_to_none=False)(**macros)
        if isinstance(value, jinja2.Undefined):
            str(value)
    except FactError as error:
        raise ExpressionError(str(error)) from error
    except jinja2.TemplateSyntaxError as error:
        raise ExpressionError(f"cannot read `{code}`: {error.message}") from error
    except jinja2.UndefinedError as error:
        hint = "" if names_one(code, macros) else did_you_mean(_first_name(code), macros)
        raise ExpressionError(f"{error.message or 'something is undefined'} in `{code}`{hint}") from error
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise ExpressionError(f"`{code}`: {error}") from error
    return value


def names_one(code: str, macros: Macros) -> bool:
    """Whether an expression begins with the name of a macro."""
    return _first_name(code) in macros


def _first_name(code: str) -> str:
    return re.match(r"\w*", code)[0]  # type: ignore[index]  # it matches the empty string too


def public_methods(source: object) -> dict[str, Callable[..., object]]:
    """An object's methods without underscore, by name: how a class offers macros."""
    names = (name for name in dir(source) if not name.startswith("_"))
    return {name: member for name in names if callable(member := getattr(source, name))}
