"""Mutants that are as good as the original by the interface, each with the reason."""

from __future__ import annotations

# Names are made by `Mutation.name`; they hold code of the good plugins and are as long as it is.
# ruff: noqa: E501

EQUIVALENT: dict[str, str] = {
    "parrot.wire.module: constant changed: 1 -> 2": "The longest line is the provider's own choice.",
    "parrot.wire.module: constant changed: 20 -> 21": "The longest line is the provider's own choice.",
    "parrot.wire.Exchange.__init__: assignment dropped: self._left = 0 -> nothing": "`read_head` sets it before anybody reads it.",
    "parrot.wire.Exchange.__init__: assignment dropped: self._is_chunked = False -> nothing": "`read_head` sets it before anybody reads it.",
    "parrot.wire.Exchange.__init__: assignment dropped: self.status = 0 -> nothing": "`read_head` sets it before anybody reads it.",
    "parrot.wire.Exchange.__init__: constant changed: 0 -> 1": "`read_head` sets it before anybody reads it.",
    "parrot.wire.Exchange.__init__: constant changed: False -> True": "`read_head` sets it before anybody reads it.",
    "parrot.wire.open_exchange: raise dropped: raise NoAnswerError from error -> nothing": "Reading the head of an answer then fails in the same way.",
    "parrot.wire.open_exchange: constant changed: 80 -> 81": "The default port is of no use where every address names one.",
    "parrot.wire.Exchange._next_piece: constant changed: 65536 -> 65537": "The size of a read is the provider's own choice.",
    "parrot.dialect.module: argument sample_rate dropped: AudioFormat.named('wav', sample_rate=RATE, channels=1) -> AudioFormat.named('wav', channels=1)": "The label of an encoded file may leave out what the core sniffs anyway.",
    "parrot.dialect.module: argument channels dropped: AudioFormat.named('wav', sample_rate=RATE, channels=1) -> AudioFormat.named('wav', sample_rate=RATE)": "The label of an encoded file may leave out what the core sniffs anyway.",
    "parrot.dialect._usage: argument input_text_tokens dropped: Usage(input_tokens=told['in_text'] + told['in_audio'], input_text_tokens=told['in_text'], input_audio_tokens=told['in_audio'], output_tokens=told['text'] + told -> Usage(input_tokens=told['in_text'] + told['in_audio'], input_audio_tokens=told['in_audio'], output_tokens=told['text'] + told['audio'], output_text_tokens=told[": "The part may be `None`; with the total and the other part it is told all the same.",
    "parrot.dialect.line_to_events: raise dropped: raise InvalidReplyError(f'a line of {len(line)} bytes in the reply is not what the vendor promises', provider=NAME, billed=True, fix='Ask again.') from stripped -> nothing": "A line without events leaves the reply without an end, which is the same error.",
    "parrot.dialect._event: argument request_id dropped: ReplyStarted(request_id=found['id'], server_time_s=found['time']) -> ReplyStarted(server_time_s=found['time'])": "`request_id` may be `None`: a vendor need not tell one.",
    "parrot.dialect._event: argument server_time_s dropped: ReplyStarted(request_id=found['id'], server_time_s=found['time']) -> ReplyStarted(request_id=found['id'])": "`server_time_s` may be `None`: a vendor need not tell its time.",
    "parrot.dialect.refusal_to_error: argument retryable dropped: ProviderUnavailableError(f'the vendor failed ({status})', retryable=status == 503, fix='Try later.', **facts) -> ProviderUnavailableError(f'the vendor failed ({status})', fix='Try later.', **facts)": "Whether an internal error may be tried again is up to the provider.",
    "parrot.dialect.refusal_to_error: constant changed: 404 -> 405": "A 404 without a code may be a refused request as well as a missing model.",
    "parrot.dialect.line_to_events: argument billed dropped: InvalidReplyError(f'a line of {len(line)} bytes in the reply is not what the vendor promises', provider=NAME, billed=True, fix='Ask again.') -> InvalidReplyError(f'a line of {len(line)} bytes in the reply is not what the vendor promises', provider=NAME, fix='Ask again.')": "`billed=None` says unknown, which repeats no more than `True` does.",
    "parrot.dialect._event: constant changed: 0 -> 1": "The index of a tool call is a label; only equality counts.",
    "parrot.provider.ParrotProvider._invalid: argument billed dropped: InvalidReplyError(what, provider=NAME, billed=True, fix='Ask again.') -> InvalidReplyError(what, provider=NAME, fix='Ask again.')": "`billed=None` says unknown, which repeats no more than `True` does.",
    "parrot.provider.ParrotProvider._check: argument feature dropped: UnknownVoiceError(f'the parrot has no voice {request.voice!r}', feature='voice', fix=f\"Use one of {', '.join(VOICES)}.\") -> UnknownVoiceError(f'the parrot has no voice {request.voice!r}', fix=f\"Use one of {', '.join(VOICES)}.\")": "`feature` may be `None`; the error's kind says the same.",
    "parrot.provider.ParrotProvider._next_line: raise dropped: raise StreamIncompleteError(f'the answer of {request.model!r} broke off', provider=NAME, fix='Ask again.') from error -> nothing": "The reply then has no end, and is refused for that instead.",
    "parrot.provider.ParrotProvider._open: argument billed dropped: ProviderConnectionError('nobody answers at the address', provider=NAME, billed=False, fix='Try again.') -> ProviderConnectionError('nobody answers at the address', provider=NAME, fix='Try again.')": "The kind of the error alone says that nothing was reached.",
    "good_converter.module: constant changed: 4096 -> 4097": "The length of blocks is the converter's own choice.",
    "good_converter.module: argument cost dropped: CodecRule(container='wav', encodings=('pcm_s16le',), cost=5.0, max_channels=8) -> CodecRule(container='wav', encodings=('pcm_s16le',), max_channels=8)": "A cost decides between converters; any positive one is allowed.",
    "good_converter.module: argument max_channels dropped: CodecRule(container='wav', encodings=('pcm_s16le',), cost=5.0, max_channels=8) -> CodecRule(container='wav', encodings=('pcm_s16le',), cost=5.0)": "It writes any number of channels, as it then says.",
    "good_converter.module: argument reads dropped: ConverterSpec(name='good-wav', summary='WAV of 16 bits', factory=GoodConverter, reads=(RULE,), writes=(RULE,)) -> ConverterSpec(name='good-wav', summary='WAV of 16 bits', factory=GoodConverter, writes=(RULE,))": "A plugin may declare less than it can do; suites prove claims.",
    "good_converter.module: argument writes dropped: ConverterSpec(name='good-wav', summary='WAV of 16 bits', factory=GoodConverter, reads=(RULE,), writes=(RULE,)) -> ConverterSpec(name='good-wav', summary='WAV of 16 bits', factory=GoodConverter, reads=(RULE,))": "A plugin may declare less than it can do; suites prove claims.",
    "good_converter.GoodConverter.decode: and/or swapped: rate and channels and (offset is not None) and (n_bytes is not None) -> rate or channels or offset is not None or (n_bytes is not None)": "An assertion for the type checker: the gate before `decode` leaves none of them out.",
    "good_converter.GoodConverter.decode: argument frames dropped: BlockStream(blocks_of(file, channels, frames), sample_rate=rate, channels=channels, frames=frames, close=file.close) -> BlockStream(blocks_of(file, channels, frames), sample_rate=rate, channels=channels, close=file.close)": "`frames` may be `None`: a converter need not know how many will come.",
    "good_converter.GoodConverter.encode: and/or swapped: rate and channels -> rate or channels": "An assertion for the type checker: a target has a rate and channels.",
    "good_converter.module: constant changed: 8 -> 9": "It writes nine channels as well, as it then says.",
}
