from __future__ import annotations

from decimal import Decimal

from ossicle.messages import Usage
from ossicle.storage import Charge
from ossicle.storage.charge_sums import sum_by_day


def charge(charge_id: str, at: float, amount: str | None, *, model: str = "m") -> Charge:
    return Charge(
        charge_id=charge_id,
        at=at,
        provider="p",
        model=model,
        usage=Usage(input_tokens=10),
        input_audio_s=0.5,
        amount=None if amount is None else Decimal(amount),
    )


def test_days_are_utc_and_money_is_exact() -> None:
    # 86399.9 s is still the first of January 1970, 86400 s the second.
    sums = sum_by_day(
        [
            charge("a", 86_399.9, "0.1"),
            charge("b", 0.0, "0.2"),
            charge("c", 86_400.0, "1e-27"),
            charge("d", 86_400.0, "1e27"),
            charge("e", 86_400.0, None),
        ]
    )
    assert [(each.day, each.calls, each.amount) for each in sums] == [
        ("1970-01-01", 2, Decimal("0.3")),
        ("1970-01-02", 3, Decimal(f"1{'0' * 27}.{'0' * 26}1")),
    ]
    assert [each.n_unknown_amounts for each in sums] == [0, 1]
    assert sums[0].input_tokens == 20
    assert sums[0].input_audio_s == 1.0


def test_models_are_apart_and_nothing_sums_to_nothing() -> None:
    assert sum_by_day([]) == ()
    sums = sum_by_day([charge("a", 0.0, "1", model="b"), charge("b", 0.0, "2", model="a")])
    assert [(each.model, each.amount) for each in sums] == [
        ("a", Decimal(2)),
        ("b", Decimal(1)),
    ]
