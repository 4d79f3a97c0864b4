"""Every error that ossicle raises on purpose.

The tree (an indented line derives from the line above it)::

    OssicleError
        ConfigurationError (ValueError)         a setting, name or argument is wrong
            UnknownProviderError                no such provider is registered
            UnknownModelError                   the provider has no such model, or it was shut down
            MissingKeyError                     the provider needs a key and has none
        UnsupportedFeatureError (ValueError)    this model cannot do what was asked
            UnsupportedModalityError            no row of the modality matrix fits
            UnknownVoiceError                   the model has no such voice
        DependencyMissingError (ImportError)    an optional package is not installed
        AudioError (ValueError)                 something is wrong with the audio itself
            MalformedAudioError                 the bytes fit no known format
            UnsupportedFormatError              known, but nothing installed reads or writes it
            AudioLimitError                     too long, too large, too many channels
            QualityRefusedError                 a validator refused it before paying
        LimitReachedError (ValueError)          a limit that is not the audio's
            TextTooLongError                    more text than the model takes
            ContextOverflowError                more tokens than the model's context holds
            BudgetExceededError                 a budget of tokens or money would be overdrawn
        FileAccessError (OSError)               a path cannot be read or written
        AudioDeviceError (OSError)              a microphone or loudspeaker is missing or failed
        DeadlineExceededError (TimeoutError)    the caller's total time ran out
        ProviderError                           the provider answered, or failed to
            AuthenticationError                 the key was refused
            PermissionRefusedError              the key may not do this
            ModelNotFoundError                  the vendor knows no such model, or ended it
            RequestRefusedError                 the vendor calls the request invalid
            AudioReferenceNotFoundError         an audio id the vendor no longer knows
            ContentRefusedError                 refused by a content policy
            RateLimitedError                    too many requests now
            QuotaExhaustedError                 the account's quota is spent
            ProviderUnavailableError            the vendor failed or is overloaded
            ProviderConnectionError             no request reached the vendor
            InvalidReplyError                   a reply that is not what the protocol promises
                AudioMissingError               audio was asked for and none came
            StreamIncompleteError               the stream ended without its end marker
            AmbiguousOutcomeError               it may or may not have been executed and billed
        PluginError                             a plugin is broken
            PluginLoadError (ImportError)       it could not be imported or registered
            PluginContractError                 it broke the interface it implements
            DuplicateNameError (ValueError)     two plugins claim one name
        StorageError                            the store failed
            NotStoredError (KeyError)           nothing is stored under this id
            StorageCorruptError                 stored bytes do not match their digest
            StorageConflictError                another writer changed the record meanwhile
            SchemaVersionError                  written by a newer version

A message has three parts: what happened, with which value, what to do next. Facts are attributes.
Messages never hold keys, headers, audio bytes, base64, transcripts or prompts.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ossicle.errors.audio import (
        AudioError,
        AudioLimitError,
        MalformedAudioError,
        QualityRefusedError,
        UnsupportedFormatError,
    )
    from ossicle.errors.ossicle_error import OssicleError
    from ossicle.errors.plugin_and_storage import (
        DuplicateNameError,
        NotStoredError,
        PluginContractError,
        PluginError,
        PluginLoadError,
        SchemaVersionError,
        StorageConflictError,
        StorageCorruptError,
        StorageError,
    )
    from ossicle.errors.usage import (
        AudioDeviceError,
        BudgetExceededError,
        ConfigurationError,
        ContextOverflowError,
        DeadlineExceededError,
        DependencyMissingError,
        FileAccessError,
        LimitReachedError,
        MissingKeyError,
        TextTooLongError,
        UnknownModelError,
        UnknownProviderError,
        UnknownVoiceError,
        UnsupportedFeatureError,
        UnsupportedModalityError,
    )
    from ossicle.errors.vendor import (
        AmbiguousOutcomeError,
        AudioMissingError,
        AudioReferenceNotFoundError,
        AuthenticationError,
        ContentRefusedError,
        InvalidReplyError,
        ModelNotFoundError,
        PermissionRefusedError,
        ProviderConnectionError,
        ProviderError,
        ProviderUnavailableError,
        QuotaExhaustedError,
        RateLimitedError,
        RequestRefusedError,
        StreamIncompleteError,
    )
else:
    from ossicle.lazy_names import lazy_names

    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "audio": (
                "AudioError AudioLimitError MalformedAudioError QualityRefusedError "
                "UnsupportedFormatError"
            ),
            "ossicle_error": "OssicleError",
            "plugin_and_storage": (
                "DuplicateNameError NotStoredError PluginContractError PluginError "
                "PluginLoadError SchemaVersionError StorageConflictError StorageCorruptError "
                "StorageError"
            ),
            "usage": (
                "AudioDeviceError BudgetExceededError ConfigurationError ContextOverflowError "
                "DeadlineExceededError DependencyMissingError FileAccessError "
                "LimitReachedError MissingKeyError TextTooLongError UnknownModelError "
                "UnknownProviderError UnknownVoiceError UnsupportedFeatureError "
                "UnsupportedModalityError"
            ),
            "vendor": (
                "AmbiguousOutcomeError AudioMissingError AudioReferenceNotFoundError "
                "AuthenticationError ContentRefusedError InvalidReplyError ModelNotFoundError "
                "PermissionRefusedError ProviderConnectionError ProviderError "
                "ProviderUnavailableError QuotaExhaustedError RateLimitedError "
                "RequestRefusedError StreamIncompleteError"
            ),
        },
    )

__all__ = [
    "AmbiguousOutcomeError",
    "AudioDeviceError",
    "AudioError",
    "AudioLimitError",
    "AudioMissingError",
    "AudioReferenceNotFoundError",
    "AuthenticationError",
    "BudgetExceededError",
    "ConfigurationError",
    "ContentRefusedError",
    "ContextOverflowError",
    "DeadlineExceededError",
    "DependencyMissingError",
    "DuplicateNameError",
    "FileAccessError",
    "InvalidReplyError",
    "LimitReachedError",
    "MalformedAudioError",
    "MissingKeyError",
    "ModelNotFoundError",
    "NotStoredError",
    "OssicleError",
    "PermissionRefusedError",
    "PluginContractError",
    "PluginError",
    "PluginLoadError",
    "ProviderConnectionError",
    "ProviderError",
    "ProviderUnavailableError",
    "QualityRefusedError",
    "QuotaExhaustedError",
    "RateLimitedError",
    "RequestRefusedError",
    "SchemaVersionError",
    "StorageConflictError",
    "StorageCorruptError",
    "StorageError",
    "StreamIncompleteError",
    "TextTooLongError",
    "UnknownModelError",
    "UnknownProviderError",
    "UnknownVoiceError",
    "UnsupportedFeatureError",
    "UnsupportedFormatError",
    "UnsupportedModalityError",
]
