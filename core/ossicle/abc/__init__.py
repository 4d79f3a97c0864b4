"""What plugin authors implement."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ossicle.abc.capabilities import (
        AudioInput,
        AudioOutput,
        Capabilities,
        FormatRule,
        Prices,
        cost_of,
        untold_as_estimated,
    )
    from ossicle.abc.converter import CodecRule, ConverterSpec, FormatConverter, Requirement
    from ossicle.abc.hooks import API_VERSION, PROJECT, CallInfo, hookimpl
    from ossicle.abc.preprocessor import BlockTransform, Preprocessor, PreprocessorSpec
    from ossicle.abc.provider import AudioProvider, ProviderSettings, ProviderSpec
    from ossicle.abc.validator import AudioEvidence, ValidationContext, Validator, ValidatorSpec
else:
    from ossicle.lazy_names import lazy_names

    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "capabilities": (
                "AudioInput AudioOutput Capabilities FormatRule Prices cost_of untold_as_estimated"
            ),
            "converter": "CodecRule ConverterSpec FormatConverter Requirement",
            "hooks": "API_VERSION PROJECT CallInfo hookimpl",
            "preprocessor": "BlockTransform Preprocessor PreprocessorSpec",
            "provider": "AudioProvider ProviderSettings ProviderSpec",
            "validator": "AudioEvidence ValidationContext Validator ValidatorSpec",
        },
    )

__all__ = [
    "API_VERSION",
    "PROJECT",
    "AudioEvidence",
    "AudioInput",
    "AudioOutput",
    "AudioProvider",
    "BlockTransform",
    "CallInfo",
    "Capabilities",
    "CodecRule",
    "ConverterSpec",
    "FormatConverter",
    "FormatRule",
    "Preprocessor",
    "PreprocessorSpec",
    "Prices",
    "ProviderSettings",
    "ProviderSpec",
    "Requirement",
    "ValidationContext",
    "Validator",
    "ValidatorSpec",
    "cost_of",
    "hookimpl",
    "untold_as_estimated",
]
