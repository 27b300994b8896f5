"""Sealed values: what opens, what does not, and what is refused."""

from __future__ import annotations

import base64
import os
import threading

import pytest
from django.db import connection, models
from django.db.models import F, Value
from django.db.models.functions import Concat, Length
from django.db.utils import DatabaseError
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st

from guanxi.core import secrets
from guanxi.core.models import DataKey
from guanxi.core.secrets import keys, master
from guanxi.core.secrets.fields import BlindIndexField, EncryptedTextField


class Patient(models.Model):  # noqa: DJ008
    """A table of the test's own, made by the fixture."""

    id = models.BigIntegerField(primary_key=True)
    name = models.CharField(max_length=50, default="")
    id_number = EncryptedTextField(null=True)
    id_number_index = BlindIndexField(of="id_number", null=True)

    class Meta:
        app_label = "core"
        managed = True
        db_table = "test_patient"


@pytest.fixture(scope="session")
def _patient_table(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        if Patient._meta.db_table not in connection.introspection.table_names():
            with connection.schema_editor() as editor:
                editor.create_model(Patient)
    return


@pytest.fixture
def patients(_patient_table, db):
    return Patient.objects


@pytest.fixture
def committed(_patient_table, transactional_db):
    """Rows other connections can see."""
    return Patient.objects


def add(pk: int, text: str | None = "11010519491231002X") -> Patient:
    patient = Patient(pk=pk)
    secrets.encrypt(patient, "id_number", text)
    patient.save(force_insert=True)
    return patient


# Opening


@given(text=st.text(), row=st.integers(-(2**63), 2**63 - 1), column=st.text(min_size=1, max_size=20))
@trying(deadline=None, max_examples=200)
@pytest.mark.django_db
def test_what_is_sealed_opens_only_in_its_own_cell(text, row, column):
    if any("\ud800" <= c <= "\udfff" for c in text + column):
        return
    sealed = secrets.seal_value("t", column, row, text)
    assert secrets.open_value("t", column, row, sealed) == text
    assert text.encode() not in sealed or len(text.encode()) < 4
    for place in [("u", column, row), ("t", column + "x", row), ("t", column, row ^ 1)]:
        with pytest.raises(secrets.CannotOpen):
            secrets.open_value(*place, sealed)


@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
@trying(deadline=None, max_examples=200)
@pytest.mark.django_db
def test_any_flipped_bit_is_noticed(at, bit):
    sealed = bytearray(secrets.seal_value("t", "c", 7, "手机 13800138000"))
    sealed[at % len(sealed)] ^= 1 << bit
    with pytest.raises(secrets.CannotOpen):
        secrets.open_value("t", "c", 7, bytes(sealed))


def test_same_text_never_seals_to_the_same_bytes(db):
    assert len({secrets.seal_value("t", "c", 1, "x") for _ in range(1000)}) == 1000


def test_truncated_and_foreign_bytes_are_refused(db):
    for wrong in [b"", b"\x01", b"plain text, plain text, plain text, plain text", b"\x01" * 60]:
        with pytest.raises(secrets.CannotOpen):
            secrets.open_value("t", "c", 1, wrong)


def test_sealing_without_a_row_id_is_refused(db):
    with pytest.raises(secrets.SealedFieldMisuse, match="needs its id"):
        secrets.encrypt(Patient(), "id_number", "x")


# The master key


def test_missing_master_key_says_where_to_put_it(db, settings, tmp_path):
    secrets.install()
    settings.HOME = tmp_path
    settings.FILES_ROOT = tmp_path / "files"
    try:
        with pytest.raises(secrets.MasterKeyMissing, match="Put the file back"):
            secrets.install()
        assert not (tmp_path / "keys" / "master").exists()
    finally:
        keys.ring.reset()


def test_wrong_master_key_is_named_as_such(db, monkeypatch):
    secrets.install()
    try:
        monkeypatch.setenv(master.ENV, base64.b64encode(os.urandom(32)).decode())
        with pytest.raises(secrets.MasterKeyWrong, match="does not belong to this database"):
            secrets.install()
        monkeypatch.setenv(master.ENV, "short")
        with pytest.raises(secrets.MasterKeyWrong, match="32 bytes"):
            secrets.install()
    finally:
        monkeypatch.undo()
        keys.ring.reset()


def test_key_file_is_private_and_made_once(tmp_path):
    file = tmp_path / "keys" / "master"
    made: list[bytes] = []
    threads = [threading.Thread(target=lambda: made.append(master.create(file))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 1
    assert file.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in file.parent.iterdir()] == ["master"]


def test_master_key_can_be_changed(db, monkeypatch):
    secrets.install()
    sealed = secrets.seal_value("t", "c", 1, "kept")
    chain = secrets.derive("journal")
    old, new = master.load(may_create=False), os.urandom(32)
    assert secrets.change_master(new) >= 2
    try:
        monkeypatch.setenv(master.ENV, base64.b64encode(new).decode())
        secrets.install()
        assert secrets.open_value("t", "c", 1, sealed) == "kept"
        assert secrets.derive("journal") == chain
    finally:
        secrets.change_master(old)
        monkeypatch.undo()
        keys.ring.reset()


def test_subkeys_differ_by_purpose_and_stay(db):
    assert secrets.derive("a") != secrets.derive("b")
    before = secrets.derive("a")
    keys.ring.reset()
    assert secrets.derive("a") == before


# Blind indexes


def test_blind_index_is_equal_for_equal_text_in_one_column_only(db):
    one = secrets.blind_index("test_patient", "id_number", "11010519491231002X")
    assert one == secrets.blind_index("test_patient", "id_number", " 11010519491231002ｘ ")
    assert one != secrets.blind_index("test_patient", "other", "11010519491231002X")
    assert one != secrets.blind_index("test_patient", "id_number", "110105194912310021")
    assert len(one) == 16


def test_rows_are_found_by_blind_index(patients):
    add(1, "A1")
    add(2, "B2")
    found = patients.filter(id_number_index=secrets.blind_index("test_patient", "id_number", "b2"))
    assert [p.pk for p in found] == [2]
    with pytest.raises(secrets.SealedFieldMisuse, match="blind_index"):
        list(patients.filter(id_number_index="B2"))
    with pytest.raises(secrets.SealedFieldMisuse):
        list(patients.filter(id_number_index__gt=b"x" * 16))


# The field


def test_field_round_trip(patients):
    add(5, "秘密")
    add(6, None)
    assert secrets.decrypt(patients.get(pk=5), "id_number") == "秘密"
    assert secrets.decrypt(patients.get(pk=6), "id_number") is None
    assert list(patients.filter(id_number__isnull=True).values_list("pk", flat=True)) == [6]
    (sealed,) = patients.filter(pk=5).values_list("id_number", flat=True)
    assert secrets.open_value("test_patient", "id_number", 5, sealed) == "秘密"
    patient = patients.select_for_update().get(pk=5)
    patient.name = "changed"
    patient.save()
    assert secrets.decrypt(patients.only("id_number").get(pk=5), "id_number") == "秘密"
    assert patients.filter(pk=5).count() == 1


MISUSES = {
    "order_by": lambda q: q.order_by("id_number"),
    "order_by descending": lambda q: q.order_by("-id_number"),
    "order_by F": lambda q: q.order_by(F("id_number").desc()),
    "exact": lambda q: q.filter(id_number="x"),
    "exact bytes": lambda q: q.filter(id_number=b"x"),
    "like": lambda q: q.filter(id_number__contains="x"),
    "lt": lambda q: q.filter(id_number__lt="x"),
    "in": lambda q: q.filter(id_number__in=["x"]),
    "length": lambda q: q.filter(id_number__length=3),
    "F on the right": lambda q: q.filter(name=F("id_number")),
    "function": lambda q: q.annotate(n=Length("id_number")),
    "concat": lambda q: q.annotate(n=Concat(F("id_number"), Value("x"), output_field=models.TextField())),
    "update from": lambda q: q.update(name=F("id_number")),
    "update to text": lambda q: q.update(id_number="plain"),
    "update to expression": lambda q: q.update(id_number=F("name")),
    "update to value": lambda q: q.update(id_number=Value("plain")),
    "create": lambda q: q.create(pk=9, id_number="plain"),
    "bulk_create": lambda q: q.bulk_create([Patient(pk=9, id_number="plain")]),
}


@pytest.mark.parametrize("misuse", MISUSES)
def test_misuse_of_a_sealed_column_is_refused(patients, misuse):
    add(1)
    with pytest.raises((secrets.SealedFieldMisuse, DatabaseError), match=r"sealed"):
        result = MISUSES[misuse](patients.all())
        list(result)


# Rotation


def test_rotation_seals_every_cell_again_and_old_values_still_open(patients):
    for pk in range(1, 26):
        add(pk, f"number {pk}")
    before = dict(patients.values_list("pk", "id_number"))
    old_key = keys.ring.sealing()[0]
    seen: list[tuple[int, int]] = []
    rotated = secrets.rotate(lambda done, total: seen.append((done, total)), batch=10)
    assert (rotated.cells, rotated.left) == (25, 0)
    assert seen[-1] == (25, 25)
    for patient in patients.all():
        assert patient.id_number != before[patient.pk]
        assert patient.id_number[: keys.HEAD] == keys.ring.sealing()[0] != old_key
        assert secrets.decrypt(patient, "id_number") == f"number {patient.pk}"
        assert secrets.open_value("test_patient", "id_number", patient.pk, before[patient.pk]) == f"number {patient.pk}"
    assert not DataKey.objects.filter(state="retiring").exists()


def test_rotation_cut_off_goes_on_with_the_same_key(patients):
    for pk in range(1, 31):
        add(pk, f"number {pk}")

    def stop(done, total):
        if done >= 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        secrets.rotate(stop, batch=10)
    half = DataKey.objects.get(purpose="fields", state="active").pk
    again = secrets.rotate(batch=10)
    assert again.key == half
    assert again.cells == 20
    assert [secrets.decrypt(p, "id_number") for p in patients.order_by("pk")] == [f"number {n}" for n in range(1, 31)]


def test_rotation_loses_no_edit_made_meanwhile(committed):
    from django.db import transaction

    for pk in range(1, 201):
        add(pk, f"first {pk}")
    stop, wrote, failures = threading.Event(), {}, []

    def edit(offset):
        try:
            n = 0
            while not stop.is_set():
                n += 1
                pk = (n * 7 + offset) % 200 + 1
                with transaction.atomic():
                    row = committed.select_for_update().get(pk=pk)
                    secrets.encrypt(row, "id_number", f"edit {offset} {n}")
                    row.save()
                    wrote[pk] = f"edit {offset} {n}"  # under the row lock, so the last one here is the last one there
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=edit, args=(k,)) for k in range(3)]
    for thread in threads:
        thread.start()
    rounds = 0
    while not failures and (rounds < 5 or len(wrote) <= 50):
        secrets.rotate(batch=7, passes=20)
        rounds += 1
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    for row in committed.all():
        assert secrets.decrypt(row, "id_number") == wrote.get(row.pk, f"first {row.pk}")


def test_a_data_key_outlives_the_roll_back_of_its_first_user(db):
    from django.db import transaction

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        secrets.rotate()
        sealed = secrets.seal_value("t", "c", 1, "x")
        raise ZeroDivisionError
    keys.ring.reset()
    assert secrets.open_value("t", "c", 1, sealed) == "x"
