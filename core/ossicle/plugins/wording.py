"""Why a plugin cannot be used, in words for the person who installed it."""

from __future__ import annotations

from ossicle.errors import OssicleError

_MOST_CHARACTERS = 200
_USUAL_FIX = "Update or uninstall the plugin, or report this to its author."


def in_words(error: BaseException) -> str:
    """What went wrong, in one line."""
    if isinstance(error, OssicleError):
        return error.what
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        return f"a malformed {error.title}: {place}: {first['msg']}{more}"[:_MOST_CHARACTERS]
    try:
        lines = str(error).splitlines()
    except Exception:  # noqa: BLE001 - rim: a plugin's exception may be as broken as the plugin
        lines = []
    text = lines[0][:_MOST_CHARACTERS] if lines else ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def fix_for(error: BaseException, module: str) -> str:
    """What would help.

    Args:
        error: What the plugin raised.
        module: Where its entry point leads.
    """
    if isinstance(error, OssicleError) and error.fix:
        return error.fix
    package = module.partition(":")[0].partition(".")[0]
    if isinstance(error, ModuleNotFoundError) and error.name:
        lacking = error.name.partition(".")[0]
        if lacking != package:
            return f"Install {lacking}, which the plugin imports but does not bring."
    return _USUAL_FIX
