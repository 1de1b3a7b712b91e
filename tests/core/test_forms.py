"""What every form of the house does."""

from __future__ import annotations

import pytest
from wtforms import StringField
from wtforms.form import Form

from caseapp.core.forms import required


class Asking(Form):
    name = StringField(validators=[required("Escriba el nombre.")])


@pytest.mark.parametrize(("typed", "valid"), [("Ana", True), (" Ana ", True), ("", False), ("  \t", False)])
def test_a_required_field_is_not_filled_with_blanks(app, typed, valid):
    form = Asking(data={}, formdata=_Typed({"name": typed}))
    assert form.validate() is valid
    assert form.name.errors == ([] if valid else ["Escriba el nombre."])
    assert form.name.data == typed  # nothing typed is lost


class _Typed(dict):
    def getlist(self, name):
        return [self[name]]
