"""Optional packages: found without importing them, imported with a clear error."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from types import ModuleType

from ossicle.errors import DependencyMissingError


def package_folder(package: str, *, extra: str) -> Path:
    """The folder of an installed package, which is not imported.

    Raises:
        DependencyMissingError: It is not installed.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise DependencyMissingError(
            f"the package {package!r} is not installed", package=package, extra=extra
        )
    return Path(spec.origin).parent


def load_package(package: str, *, extra: str) -> ModuleType:
    """Import a package that may be missing, or may not work on this machine.

    Raises:
        DependencyMissingError: It is not installed, or its native part does not load here.
    """
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        raise DependencyMissingError(
            f"the package {error.name or package!r} is not installed", package=package, extra=extra
        ) from error
    except (ImportError, OSError) as error:
        # A wheel with a wrong platform tag installs and then fails here.
        raise DependencyMissingError(
            f"the package {package!r} is installed but does not load on this machine "
            f"({type(error).__name__})",
            package=package,
            extra=extra,
            fix='Use the smaller engines instead: pip install "ossicle[tiny]"',
        ) from error
