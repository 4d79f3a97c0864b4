"""Stores with one defect each, made of the store in memory."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.model_store import ModelStore
from tests.nightly.broken_plugins.broken_plugin import BrokenPlugin

from ossicle.errors import NotStoredError
from ossicle.storage import CachedValue, Charge, CleanReport, Store, TenantSize
from ossicle.storage.validation import digest_of
from ossicle_testing.conformance import StoreConformance

BROKEN_PLUGINS: list[BrokenPlugin] = []


class GoodStoreSuite(StoreConformance):
    def open_store(self, folder: Path, clock: Callable[[], float]) -> Store:
        return ModelStore(clock=clock)


Kind = type[ModelStore]


def broken(check: str, because: str) -> Callable[[Kind], Kind]:
    def add(kind: Kind) -> Kind:
        class BrokenStoreSuite(StoreConformance):
            def open_store(self, folder: Path, clock: Callable[[], float]) -> Store:
                return kind(clock=clock)

        words = "".join(f" {c.lower()}" if c.isupper() else c for c in kind.__name__).strip()
        name = f"a store: {words}"
        BROKEN_PLUGINS.append(
            BrokenPlugin(name=name, suite=BrokenStoreSuite, check=check, because=because)
        )
        return kind

    return add


@broken("test_tenants_are_apart", "")
class SharesBlobs(ModelStore):
    def put_blob(self, tenant: str, source: Any) -> str:
        super().put_blob("b", source)
        return super().put_blob(tenant, source)


@broken("test_a_blob_comes_back_as_it_was", "")
class LosesTheLastByte(ModelStore):
    def put_blob(self, tenant: str, source: Any) -> str:
        return super().put_blob(tenant, source[:-1] if isinstance(source, bytes) else source)


@broken("test_a_second_writer_is_noticed", "DID NOT RAISE")
class TakesTheLastWriter(ModelStore):
    def save_conversation(self, tenant: str, conversation_id: str, **more: Any) -> int:
        more.pop("revision", None)
        return super().save_conversation(tenant, conversation_id, **more)


@broken("test_a_cached_value_is_exact_until_it_expires", "None")
class KeepsExpiredValues(ModelStore):
    last: dict[str, CachedValue] = {}

    def load_cached(self, tenant: str, key: str) -> CachedValue | None:
        found = super().load_cached(tenant, key)
        if found is not None:
            self.last[key] = found
        return found or self.last.get(key)


@broken("test_cleaning_and_looking_disturb_no_writer", "")
class CountsCleaningAsAChange(ModelStore):
    def clean(self) -> CleanReport:
        for shelf in self._tenants.values():
            for stored in tuple(shelf.conversations.values()):
                self._write(shelf, stored, {})
        return super().clean()


@broken("test_documents_count_in_the_size_of_the_cache", "")
class CountsValuesAlone(ModelStore):
    def measure(self, tenant: str) -> TenantSize:
        size = super().measure(tenant)
        values = sum(len(each.value) for key, each in self._cached.items() if key[0] == tenant)
        return size.model_copy(update={"cached_bytes": values})


@broken("test_charges_count_once_and_sum_exactly", "")
class CountsChargesTwice(ModelStore):
    def append_charge(self, tenant: str, charge: Charge) -> None:
        super().append_charge(tenant, charge)
        more = charge.model_copy(update={"charge_id": secrets.token_hex(4)})
        super().append_charge(tenant, more)


@broken("test_lists_last_changed_first", "")
class ListsInAnyOrder(ModelStore):
    def list_conversations(self, tenant: str) -> Any:
        return tuple(sorted(super().list_conversations(tenant), key=lambda one: one.n_turns))


@broken("test_a_secret_stays_the_same", "")
class ForgetsItsSecrets(ModelStore):
    def secret(self, name: str) -> bytes:
        return secrets.token_bytes(32)


@broken("test_blobs_live_as_long_as_something_needs_them", "")
class DropsBlobsWithATurn(ModelStore):
    def delete_turns(self, tenant: str, conversation_id: str, **more: Any) -> Any:
        for turn in self.load_conversation(tenant, conversation_id).turns:
            for digest in turn.blobs:
                self.delete_blob(tenant, digest)
        return super().delete_turns(tenant, conversation_id, **more)


@broken("test_a_closed_store_says_so", "DID NOT RAISE")
class NeverCloses(ModelStore):
    def close(self) -> None:
        pass


@broken("test_a_bad_name_is_refused", "DID NOT RAISE")
class TakesAnyName(ModelStore):
    def has_blob(self, tenant: str, digest: str) -> bool:
        try:
            return super().has_blob(tenant, digest)
        except ValueError:
            return False


@broken("test_a_turn_is_written_whole_or_not_at_all", "")
class WritesTurnsInPieces(ModelStore):
    def save_turn(self, tenant: str, conversation_id: str, **more: Any) -> int:
        for data in more.get("new_blobs", ()):
            self.put_blob(tenant, data)
        return super().save_turn(tenant, conversation_id, **more)


@broken("test_a_turn_is_written_whole_or_not_at_all", "")
class WritesConversationsInPieces(ModelStore):
    def save_conversation(self, tenant: str, conversation_id: str, **more: Any) -> int:
        turns, blobs = more.pop("turns", ()), more.pop("new_blobs", ())
        revision = super().save_conversation(tenant, conversation_id, **more)
        for turn in turns:
            new = [data for data in blobs if digest_of(data) in turn.blobs]
            revision = self.save_turn(tenant, conversation_id, turn=turn, new_blobs=new)
        return revision


@broken("test_a_deleted_tenant_leaves_nothing", "")
class KeepsTheLedger(ModelStore):
    kept: list[tuple[str, Charge]] = []

    def append_charge(self, tenant: str, charge: Charge) -> None:
        super().append_charge(tenant, charge)
        self.kept.append((tenant, charge))

    def delete_tenant(self, tenant: str) -> None:
        super().delete_tenant(tenant)
        for owner, charge in self.kept:
            if owner == tenant:
                super().append_charge(tenant, charge)


@broken("test_trimming_keeps_what_was_used_last", "")
class TrimsWhatIsUsed(ModelStore):
    def load_cached(self, tenant: str, key: str) -> CachedValue | None:
        found = super().load_cached(tenant, key)
        if found is not None:
            lifetime_s = found.expires_at - found.created_at
            super().delete_cached(tenant, key)
            if key != "1":
                super().save_cached(
                    tenant, key, value=found.value, document=found.document, lifetime_s=lifetime_s
                )
        return found


@broken("test_any_short_text_is_a_name", "")
class FoldsNames(ModelStore):
    def load_conversation(self, tenant: str, conversation_id: str) -> Any:
        if conversation_id != conversation_id.lower():
            raise NotStoredError(f"no conversation {conversation_id!r}")
        return super().load_conversation(tenant, conversation_id)
