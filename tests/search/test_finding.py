"""Search over every object: what is found, what comes first, and that nobody finds by what they may not read (CAP-1, MOD-5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from guanxi.core.access import SYSTEM, Actor, actor_for
from guanxi.core.access.models import FieldGrant, Level, Role
from guanxi.core.org import versions
from guanxi.kit import text
from guanxi.records import catalogue, custom, finding, search, sql, write
from guanxi.records.finding import asking, sample
from guanxi.records.models import SearchEntry
from tests.web_pages.conftest import House

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    versions.refresh()
    sample.HELD.clear()


@pytest.fixture
def common(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`common(walk=2)`: as if every word that is there at all were common, so that the newest rows are looked through, so many of them.

    `known`: how many of the records the sample holds, the oldest first; all of them when nothing is said.
    """

    def make(*, walk: int = 400, known: int | None = None) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT record, entity, tokens::text FROM records_searchentry ORDER BY record LIMIT %s", [known]
            )
            drawn = sample.Sample(cursor.fetchall(), whole=SearchEntry.objects.count())
        monkeypatch.setattr(sample, "held", lambda: drawn)
        for name in ("WALK", "OWN", "FURTHER"):
            monkeypatch.setattr(asking, name, walk)
        monkeypatch.setattr(asking, "MOST", 1)

    return make


def found(actor: Actor, words: str, key: str = "customers.account", **more: Any) -> list[int]:
    return next((list(f.ids) for f in finding.find(actor, words, **more) if f.entity.key == key), [])


def test_all_that_people_type_finds_the_record(house: House) -> None:
    """CAP-1: name, pinyin, initials, part of a phone, last four digits, e-mail, company, number."""
    person = house.customer("张三丰", phone="+86 138 0013 8000", email="zhang.sf1985@gmail.com", external_id="KA-00731")
    company = house.customer("华为技术有限公司")
    admin = actor_for(house.admin)
    number = catalogue.get("customers.account").model.all_rows.get(pk=person).number
    for words in (
        "张", "张三", "三丰", "zs", "zsf", "zhangs", "sanfeng", "138001", "8000", "0013", "gmail", "zhang.sf19", "sf1985",
        number, number.lower(), number[1:], "00731", "KA-00731", "zhang san", "138 0013 8000",
    ):  # fmt: skip
        assert person in found(admin, words), words
    for words in ("华为技术", "技术有限", "huawei", "hwjs"):
        assert found(admin, words) == [company], words
    assert found(admin, "1380138") == [] == found(admin, "zsx")


def test_all_ways_agree_with_looking_at_every_record(house: House, common: Callable[..., None]) -> None:
    """The index, the walk through the newest rows, the sample, and plain comparison of tokens find the same."""
    names = ["王伟", "王小伟", "李伟", "伟业贸易", "Wei Wang", "王力", "汪维", "李王", "王伟明", "陈伟"]
    ids = [house.customer(name, phone=f"+86 139 0000 {i:04}") for i, name in enumerate(names)]
    account = catalogue.get("customers.account")
    fields = search.searchable(account)
    rows = list(account.model.all_rows.filter(pk__in=ids).values())
    admin = actor_for(house.admin)

    def agree(way: str) -> None:
        for words in ("王", "伟", "ww", "wangw", "王伟", "1390000", "0003", "wei", "w", "伟 139", "王 0003", "ww wei"):
            terms = text.query_tokens(words)
            wanted = {row["id"] for row in rows if text.matches(search.tokens_of(fields, row), terms)}
            assert set(found(admin, words, each=50)) == wanted, (words, way)

    agree("index")
    common()
    agree("walk")
    for walk in (2, 1):
        common(walk=walk)
        agree(f"sample {walk}")


def test_just_what_was_typed_comes_first_then_opened_lately_then_mine(
    house: House, common: Callable[..., None]
) -> None:
    """CAP-1: the order is the same whether the words are rare or common, and however old the record is."""
    exact = house.customer("李明")
    prefix = house.customer("李明华")
    inside = house.customer("赵李明")
    mine = house.customer("李明辉", owner=house.admin.pk)
    later = [house.customer(f"李明{c}") for c in "军强平东"]
    admin = actor_for(house.admin)

    def in_order() -> None:
        assert found(admin, "李明", each=20) == [exact, mine, *reversed(later), prefix, inside]
        assert found(admin, "李明", each=20, seen=[prefix])[:3] == [exact, prefix, mine]
        assert found(admin, "李明", each=1) == [exact]

    in_order()
    common()
    in_order()
    # Beyond the newest rows: just the name by the index, opened lately and the person's own by themselves.
    common(walk=3)
    assert found(admin, "李明", each=4, seen=[prefix]) == [exact, prefix, mine, later[-1]]


def test_a_word_that_every_record_has(house: House, common: Callable[..., None]) -> None:
    """The newest come, those of long ago that the sample knows fill up, and each object is asked."""
    ids = [house.customer(f"客户{i}有限公司") for i in range(9)]
    odd = house.customer("公司")
    product = house.save("trade.product", {"name": "公司礼盒", "sku": "GS-1"}).id
    admin = actor_for(house.admin)
    common(walk=5, known=4)
    assert found(admin, "公司", each=4) == [odd, *ids[:-4:-1]]
    assert found(admin, "公司", "trade.product") == [product]
    assert found(admin, "有限公司", each=50) == [*ids[:4:-1], *ids[3::-1]]


def test_common_words_are_found_within_ones_range_however_narrow(house: House, common: Callable[..., None]) -> None:
    """Rows outside one's range do not push out what is inside, nor is anything of them found by a walk or by the sample."""
    mine = [house.customer(f"上海张{c}", owner=house.stranger.pk) for c in "一二三"]
    others = [house.customer(f"上海李{c}") for c in "甲乙丙丁戊己"]
    common(walk=3)
    for words in ("上海", "sh", "上"):
        assert found(actor_for(house.stranger), words) == mine[::-1], words
        assert found(actor_for(house.owner), words) == others[::-1], words
        assert set(found(actor_for(house.admin), words, each=20)) == {*mine, *others}, words
    assert found(actor_for(house.stranger), "李") == []


def test_a_masked_field_is_not_found_by_however_common_it_is(house: House, common: Callable[..., None]) -> None:
    """SEC-3: the walk and the sample ask with the reader's weights as the index does."""
    ids = [house.customer(f"客户{c}", phone="+86 138 0013 8000") for c in "甲乙丙丁"]
    named = house.customer("8000 Meters")
    common()
    assert found(actor_for(house.marketer), "8000") == [named]
    assert found(actor_for(house.marketer), "138001") == []
    assert set(found(actor_for(house.admin), "8000")) == {*ids, named}


def test_the_sample_counts_what_the_index_has(house: House, common: Callable[..., None]) -> None:
    house.customer("O'Brien \\ Söhne", phone="+86 138 0013 8000", external_id="KA-1")
    house.customer("张三丰", email="san@wudang.cn")
    common()
    known = sample.held()
    for token in SearchEntry.objects.raw(
        "SELECT 1 AS record, t.lexeme AS entity, '' AS tokens FROM records_searchentry, unnest(tokens) t"
    ):
        term = text.Term(token.entity, False)
        assert len(known.rows(term)) == SearchEntry.objects.filter(tokens__match=search.quoted(term)).count(), term
        for weights in ("ABC", "D"):
            query = search.quoted(term, weights)
            assert len(known.rows(term, weights)) == SearchEntry.objects.filter(tokens__match=query).count(), query
    assert len(known.rows(text.Term("138", True))) == 1 == len(known.rows(text.Term("o", True)))
    assert known.rows(text.Term("138", True), "ABC") == set() == known.rows(text.Term("zz", True))


def test_the_sample_is_drawn_from_all_over_a_large_index(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [house.customer(f"客户{i}") for i in range(60)]
    assert sample.held().records == [], "a small index is asked for anything"
    sample.HELD.clear()
    monkeypatch.setattr(sample, "SMALL", 0)
    monkeypatch.setattr(sample, "BLOCKS", sample._size()[0])
    known = sample.held()
    assert 0 < len(known.records) <= 2 * sample.BLOCKS * sample.EACH
    assert set(known.records) <= {*ids, *SearchEntry.objects.values_list("pk", flat=True)}
    assert known.size("customers.account") <= known.whole
    assert sample.held() is known, "kept"


def test_rights_are_part_of_the_question(house: House) -> None:
    """Rows outside one's range are not found, whichever step finds them, nor what belongs to them."""
    id_ = house.customer("张三丰", phone="+86 138 0013 8000")
    order = house.save("trade.order", {"account": id_, "external_id": "TX-556677", "ordered_at": "2026-11-01 10:00"}).id
    assert found(actor_for(house.owner), "556677", "trade.order") == [order]
    assert found(actor_for(house.stranger), "556677", "trade.order") == []
    assert found(actor_for(house.stranger), "张三丰") == []
    assert found(actor_for(house.manager), "zsf") == [id_]


def test_nobody_finds_by_a_masked_field(house: House) -> None:
    """SEC-3: marketing sees phones masked; no number, prefix, or e-mail confirms one. A name that says the same still does."""
    id_ = house.customer(
        "张三丰", phone="+86 138 0013 8000", email="qixia@wudang.cn", address={"detail": "武当山 8000"}
    )
    named = house.customer("8000 Meters")
    marketer = actor_for(house.marketer)
    assert found(marketer, "张三") == [id_]
    assert found(marketer, "8000") == [named]
    for words in ("138001", "0013", "wudang", "qixia@", "武当"):
        assert found(marketer, words) == [], words
        assert finding.similar(marketer, words) == [], words
    hits = finding.shown(marketer, catalogue.get("customers.account"), [id_], "8000")
    assert not [p for f in hits[0].facts for p in f.parts if p.hit], "a masked value is never marked"
    assert "8001" not in "".join(p.text for f in hits[0].facts for p in f.parts)


def test_exceptions_for_single_fields_hold_as_well(house: House) -> None:
    """The index knows classes; a role that may read e-mail but not phones is looked at again."""
    id_ = house.customer("张三丰", phone="+86 138 0013 8000", email="sanfeng@wudang.cn")
    role = Role.objects.get(key="marketing")
    FieldGrant.objects.create(role=role, entity="customers.account", field="email", level=Level.READ)
    versions.bump("access")
    marketer = actor_for(house.marketer)
    assert found(marketer, "wudang") == [id_]
    assert found(marketer, "8000") == []


def test_a_custom_field_that_becomes_personal_is_not_found_by_any_more(house: House) -> None:
    account = catalogue.get("customers.account")
    key = custom.define(SYSTEM, account, kind="text", label_zh="昵称", label_en="Nick", search=True)
    id_ = house.customer("Acme", **{key: "zebrafish"})
    marketer = actor_for(house.marketer)
    assert found(marketer, "zebra") == [id_]
    custom.change(SYSTEM, account, key, sensitivity="personal")
    assert found(marketer, "zebra") == []
    assert found(actor_for(house.admin), "zebra") == [id_]


def test_slips_find_what_is_alike(house: House) -> None:
    """Second step: what sounds the same, what begins the same; never somebody out of range."""
    id_ = house.customer("张伟杰", address={"country": "CN", "city": "杭州市"}, employees=20)
    admin = actor_for(house.admin)
    for words in ("章伟杰", "zhangwiejie", "zhangweijei", "张伟洁"):
        assert found(admin, words) == [], words
        assert [f.ids for f in finding.similar(admin, words)] == [(id_,)], words
    assert finding.similar(admin, "qqqqqqq") == []
    assert finding.similar(actor_for(house.stranger), "章伟杰") == []


def test_words_that_mean_something_to_the_index_do_no_harm(house: House) -> None:
    house.customer("O'Brien & Söhne \\ | !")
    admin = actor_for(house.admin)
    for words in ("o'brien", "\\", "' | 'a", "a:*", "!!", "&", "'", "söhne", "(", "\x00", "💥", "a" * 500):
        finding.find(admin, words)
        finding.similar(admin, words)
    assert len(found(admin, "brien")) == 1 == len(found(admin, "sohne"))


def test_the_writer_writes_all_chunks_and_raises_what_went_wrong(house: House) -> None:
    account = catalogue.get("customers.account")
    ids = [house.customer(f"客户{i}") for i in range(5)]
    SearchEntry.objects.all().delete()
    with sql.TokenWriter(account) as writer:
        for id_ in ids[:4]:
            writer.start()
            writer.put([(id_, "'x'")])
    assert SearchEntry.objects.count() == 4
    SearchEntry.objects.all().delete()
    old, search.CHUNK = search.CHUNK, 2
    try:
        assert search.index(account, ids) == 5
    finally:
        search.CHUNK = old
    assert set(SearchEntry.objects.values_list("pk", flat=True)) == set(ids)


def test_deleted_records_are_not_found(house: House) -> None:
    id_ = house.customer("张三丰")
    admin = actor_for(house.admin)
    write.delete(admin, catalogue.get("customers.account"), id_)
    assert found(admin, "张三丰") == []


@pytest.mark.parametrize(
    ("value", "words", "marked"),
    [
        ("张三丰", "zs", "张三"),
        ("张三丰", "三丰", "三丰"),
        ("张三丰", "zhangs", "张三"),
        ("张三丰", "f", ""),
        ("+86 138 0013 8000", "138001", "138 001"),
        ("+86 138 0013 8000", "8000", "8000"),
        ("Zhang.San@gmail.com", "GMAIL", "gmail"),
        ("Zhang.San@gmail.com", "zhang.san@g", "Zhang.San@g"),
        ("Ｍüller GmbH", "muller", "Ｍüller"),
        ("华为技术有限公司", "华为技术", "华为技术"),
        ("C1001", "c1001", "C1001"),
        ("重庆银行", "cqyh", "重庆银行"),
    ],
)
def test_what_was_typed_is_marked(value: str, words: str, marked: str) -> None:
    assert "".join(value[a:b] for a, b in text.highlights(value, words)) == marked


def test_a_custom_field_that_becomes_searchable_finds_records_that_were_there(house: House) -> None:
    from guanxi.core import jobs
    from guanxi.core.jobs.models import Job

    account = catalogue.get("customers.account")
    key = custom.define(SYSTEM, account, kind="text", label_zh="昵称", label_en="Nick")
    id_ = house.customer("Acme", **{key: "zebrafish"})
    admin = actor_for(house.admin)
    assert found(admin, "zebra") == []
    custom.change(SYSTEM, account, key, search=True)
    jobs.run_inline(Job.objects.get(kind="records.reindex"))
    assert found(admin, "zebra") == [id_]
