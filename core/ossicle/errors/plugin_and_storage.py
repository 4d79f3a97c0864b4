"""What is wrong with a plugin or a store."""

from __future__ import annotations

from ossicle.errors.ossicle_error import OssicleError


class PluginError(OssicleError):
    """A plugin is broken.

    Attributes:
        plugin: Name of the plugin.
    """

    code = "plugin"

    def __init__(self, what: str, *, plugin: str, fix: str | None = None) -> None:
        super().__init__(what, fix=fix)
        self.plugin = plugin


class PluginLoadError(PluginError, ImportError):
    """A plugin could not be imported or registered."""

    code = "plugin_load"


class PluginContractError(PluginError):
    """A plugin broke the interface that it implements."""

    code = "plugin_contract"


class DuplicateNameError(PluginError, ValueError):
    """Two plugins claim the same name."""

    code = "duplicate_name"


class StorageError(OssicleError):
    """The store failed."""

    code = "storage"


class NotStoredError(StorageError, KeyError):
    """Nothing is stored under this id."""

    code = "not_stored"


class StorageCorruptError(StorageError):
    """Stored bytes do not match their digest."""

    code = "storage_corrupt"


class StorageConflictError(StorageError):
    """Another writer changed the record meanwhile; nothing was written."""

    code = "storage_conflict"


class SchemaVersionError(StorageError):
    """The data was written by a newer version of ossicle."""

    code = "schema_version"
