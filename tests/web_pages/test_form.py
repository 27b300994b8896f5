"""Forms: what must be there first, the rest folded; all that is wrong said at the head (CAP-1)."""

from __future__ import annotations

from typing import Any

NEW = "/customers/account/new"


def test_a_new_record_asks_first_for_what_it_must_have(house: Any, get: Any) -> None:
    html = get("owner", NEW).content.decode()
    main, _mark, folded = html.partition('<details class="gx-form-rest">')
    assert 'name="name"' in main and 'name="source"' in main
    assert 'name="complaint_record"' in folded or 'name="remark"' in folded
    assert html.count('name="name"') == 1 and html.index('name="name"') < html.index('name="source"')
    assert main.count("autofocus") == 1


def test_what_the_address_asks_for_is_not_folded(house: Any, get: Any) -> None:
    html = get("owner", f"{NEW}?remark=hello").content.decode()
    assert 'name="remark"' in html.partition('<details class="gx-form-rest">')[0]


def test_short_forms_are_shown_whole(house: Any, get: Any) -> None:
    assert "gx-form-rest" not in get("admin", "/customers/category/new").content.decode()


def test_all_that_is_wrong_is_said_at_the_head_with_a_way_there(house: Any, post: Any) -> None:
    answer = post("owner", NEW, {"name": "", "kind": "company", "email": "nonsense", "employees": "many"})
    html = answer.content.decode()
    assert answer.status_code == 422
    head = html[html.index('role="alert"') : html.index("</ul>", html.index('role="alert"'))]
    for key in ("name", "email", "employees"):
        assert f'data-goto="f-{key}"' in head and f'id="f-{key}"' in html
    # A field with a problem is never folded away.
    main = html.partition('<details class="gx-form-rest">')[0]
    assert 'name="employees"' in main and 'value="many"' in main


def test_a_problem_of_the_whole_is_said_too(house: Any, post: Any) -> None:
    id_ = house.customer()
    answer = post(
        "owner", f"/customers/account/{id_}/edit?field=website", {"website": "not an address", "version": "1"}
    )
    assert answer.status_code == 422 and b'data-goto="f-website"' in answer.content
