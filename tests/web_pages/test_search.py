"""Search over everything: by name, pinyin, digits; inside one's range; without telling what is masked."""

from __future__ import annotations

from guanxi.core.access import actor_for
from guanxi.records import catalogue, write
from tests.web_pages.conftest import House


def _customer(house: House) -> int:
    account = catalogue.get("customers.account")
    values = {"name": "张三丰", "kind": "person", "phone": "138 0013 8000"}
    return write.save(actor_for(house.owner), account, values).id


def test_found_by_name_pinyin_initials_and_digits(house: House) -> None:
    id_ = _customer(house)
    client = house.client(house.owner)
    for words in ("张三", "zhangsan", "zsf", "8000", "138001"):
        assert f"/customers/account/{id_}/" in client.get("/search", {"q": words}).content.decode(), words


def test_stranger_finds_nothing_and_nobody_finds_by_a_masked_phone(house: House) -> None:
    id_ = _customer(house)
    assert (
        f"/customers/account/{id_}/" not in house.client(house.stranger).get("/search", {"q": "张三"}).content.decode()
    )
    marketer = house.client(house.marketer)
    assert f"/customers/account/{id_}/" in marketer.get("/search", {"q": "张三"}).content.decode()
    assert f"/customers/account/{id_}/" not in marketer.get("/search", {"q": "8000"}).content.decode()
