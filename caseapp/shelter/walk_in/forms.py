"""The gate's form: shape and format, no decisions."""

from __future__ import annotations

from datetime import time
from typing import Any

from wtforms import FieldList, FormField, RadioField, SelectField, StringField
from wtforms import Form as PlainForm
from wtforms.validators import Length

from caseapp.core import reference
from caseapp.core.forms import CheckField, Form
from caseapp.core.i18n import _, _l
from caseapp.shelter.rules import hour_written
from caseapp.shelter.walk_in import rules
from caseapp.shelter.walk_in.service import Group, Newcomer, Watch

#: One person is the usual case; whoever comes with others asks for rows.
FIRST_ROWS, MORE_ROWS, MOST = 1, 2, 12


def _of(list_name: str, codes: tuple[str, ...]) -> list[tuple[str, str]]:
    """Labels of a list, in the order given; the blank is told in the gate's words."""
    return [(c, _("No se preguntó") if c == "NOT_ASKED" else reference.label(list_name, c)) for c in codes]


class MemberForm(PlainForm):
    """One person. An empty name is nobody."""

    name = StringField(_l("Cómo le dicen"), validators=[Length(max=60)])
    band = SelectField(
        _l("Edad"),
        choices=lambda: [("", _("Elija…")), *((b, reference.label("age_band", b)) for b in rules.BANDS)],
        default="",
    )
    sex = SelectField(
        _l("Sexo"), choices=lambda: _of("sex_in_document", rules.SEXES), default="NOT_ASKED"
    )  # fmt: skip
    safe_in = SelectField(
        _l("Duerme con tranquilidad"),
        choices=lambda: _of("feels_safe_in", rules.SAFE_IN),
        default="NOT_ASKED",
    )
    consent = SelectField(
        _l("¿Acepta que le registren?"),
        choices=lambda: [
            ("NOT_ASKED", _("No se pudo preguntar")),
            ("GIVEN", _("Sí")),
            ("REFUSED", _("No")),
        ],
        default="NOT_ASKED",
    )
    requirements = CheckField(
        _l("La cama debe tener"),
        choices=lambda: [(r, reference.label("placement_requirement", r)) for r in rules.REQUIREMENTS],
    )
    allergy = StringField(_l("Alergia grave: ¿a qué?"), validators=[Length(max=120)])

    @property
    def given(self) -> bool:
        return bool((self.name.data or "").strip())


class WalkInForm(Form):
    """People who came together."""

    members = FieldList(FormField(MemberForm), min_entries=FIRST_ROWS, max_entries=MOST)
    bond = RadioField(
        _l("Si vienen niñas o niños: ¿quién les cuida?"),
        choices=lambda: [
            ("PARENT_DOCUMENT", _("Su madre, padre o tutor; un documento lo muestra")),
            ("PARENT_ALONE", _("Su madre o padre; lo dicen igual, preguntando aparte a cada quien")),
            ("PARENT_SAID", _("Alguien que dice ser su madre o padre")),
            ("NO_PARENT", _("Otra persona, o nadie")),
        ],
        validate_choice=False,
    )

    came_at = StringField(
        _l("Hora en que llegaron, si fue antes de ahora"), description=_l("Con cuatro cifras, por ejemplo 02:10."),
        validators=[Length(max=5)],
    )  # fmt: skip
    staff = StringField(_l("Quién del personal se queda con ellas"), validators=[Length(max=120)])
    second = StringField(_l("Y quién más"), validators=[Length(max=120)])
    authority = StringField(
        _l("Con quién habló de la autoridad de niñez"), description=_l("Nombre o puesto, y a qué hora."),
        validators=[Length(max=200)],
    )  # fmt: skip

    def watch(self) -> Watch:
        """Who stays with children alone, and whom of the authority somebody told."""
        return Watch(self.staff.data or "", self.second.data or "", self.authority.data or "")

    def hour(self) -> time | None:
        """The hour of arrival that was written. Raises ValueError for what is none."""
        typed = (self.came_at.data or "").strip()
        return hour_written(typed) if typed else None

    def more(self) -> None:
        """Two more rows; nothing is saved."""
        for _row in range(min(MORE_ROWS, MOST - len(self.members))):
            self.members.append_entry()

    def group(self) -> Group:
        """What was written, adults first."""
        rows: list[Any] = [entry.form for entry in self.members if entry.form.given]
        return Group.of(
            [
                Newcomer(
                    r.name.data.strip(), r.band.data, r.sex.data, r.safe_in.data, tuple(r.requirements.data or ()),
                    (r.allergy.data or "").strip(), r.consent.data,
                )
                for r in rows
            ],
            self.bond.data or None,
        )  # fmt: skip

    def check(self) -> bool:
        """Shape, an hour that is one, and an age for everybody who has a name."""
        valid = bool(self.validate())
        try:
            self.hour()
        except ValueError:
            self.came_at.errors = [_("Escriba la hora con cuatro cifras, por ejemplo 02:10.")]
            valid = False
        for entry in self.members:
            if entry.form.given and not entry.form.band.data:
                entry.form.band.errors = [_("Elija la edad, aunque sea aproximada.")]
                valid = False
        return valid
