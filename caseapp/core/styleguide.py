"""The page that shows every component (LOOK.md, *Pieces*), for whoever builds or checks pages.

Registered in demo and tests only. The examples are invented and stand in both languages beside each
other, apart from the catalogue: they are not sentences of the product.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, render_template
from wtforms import (
    BooleanField,
    Field,
    Form,
    FormField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    widgets,
)

from caseapp.core.access import Principal, open_to_all
from caseapp.core.i18n import language

blueprint = Blueprint("styleguide", __name__)

#: Spanish words, English words → those of the page's language.
Say = Callable[[str, str], str]


@blueprint.get("/styleguide")
@open_to_all
def show() -> str:
    """Every component once, with example data; a form before and after it was sent back."""
    spanish = language() == "es"

    def say(es: str, en: str) -> str:
        return es if spanish else en

    return render_template(
        "components/styleguide.html",
        page_title=say("Piezas de las páginas", "Pieces of the pages"),
        say=say,
        form=example_form(say, prefix="new-"),
        returned=returned_form(say),
        principal=Principal(name="Inés Robles", kind="user"),
        workplace=("MX-TAP Tapachula", say("Atención de casos", "Casework")),
        nav_items=[
            SimpleNamespace(label=label, url=f"#{anchor}", current=anchor == "words")
            for label, anchor in (
                (say("Palabras y marcas", "Words and marks"), "words"),
                (say("Personas", "People"), "people"),
                (say("Listas", "Lists"), "lists"),
                (say("Formularios", "Forms"), "forms"),
                (say("Albergue", "Shelter"), "shelter"),
                (say("Cifras", "Figures"), "figures"),
                (say("Estados", "States"), "states"),
            )
        ],
    )


def example_form(say: Say, **kwargs: Any) -> Form:
    """A form with one field of each kind, its labels in the page's language."""
    blanks = {
        "NOT_ASKED": say("No se preguntó", "Not asked"),
        "UNKNOWN": say("No sabe", "Does not know"),
        "DECLINED": say("Prefiere no responder", "Does not wish to say"),
    }
    precisions = {
        "DAY": say("Fecha exacta", "Exact date"),
        "MONTH": say("Mes y año", "Month and year"),
        "YEAR": say("Solo el año", "Year only"),
        "AGE_ESTIMATED": say("Edad aproximada", "Estimated age"),
        "UNKNOWN": say("No se sabe", "Unknown"),
    }

    class Birth(Form):  # type: ignore[misc]
        precision = RadioField(choices=precisions, default="DAY")
        day = StringField(say("Día", "Day"))
        month = StringField(say("Mes", "Month"))
        year = StringField(say("Año", "Year"))
        age = StringField(say("Edad", "Age"))

    class Name(Form):  # type: ignore[misc]
        given = StringField(say("Nombres", "Given names"))
        surname = StringField(say("Primer apellido", "First surname"))
        second_surname = StringField(say("Segundo apellido", "Second surname"))
        called = StringField(say("Cómo le llaman", "Called"))

    class Example(Form):  # type: ignore[misc]
        name = FormField(Name)
        birth = FormField(Birth)
        phone = StringField(
            say("Teléfono seguro", "Safe telephone"),
            description=say(
                "Con lada, por ejemplo 962 123 4567.", "With area code, for example 962 123 4567."
            ),
        )
        beds = IntegerField(say("Lugares", "Places"))
        language = SelectField(say("Idioma", "Language"), choices={"spa": "Español", "hat": "Kreyòl ayisyen"})
        feels_safe = RadioField(
            say("¿Dónde se siente segura?", "Where does she feel safe?"),
            choices={
                "WOMEN": say("Con mujeres", "With women"),
                "SEPARATE": say("Aparte", "Apart"),
                **blanks,
            },
        )
        requirements = SelectMultipleField(
            say("Lo que el lugar debe tener", "What the place must have"),
            choices={"STEP_FREE": say("Sin gradas", "No steps"), "COT": say("Cuna", "Cot")},
            option_widget=widgets.CheckboxInput(),
            widget=widgets.ListWidget(prefix_label=False),
        )
        note = TextAreaField(say("Lo que dijo la persona", "What the person said"))
        alone = BooleanField(say("Hablé a solas con la persona", "I spoke with the person alone"))

    return Example(**kwargs)


def returned_form(say: Say) -> Form:
    """The same form as it comes back: typed text kept, each error said as what to do."""
    form = example_form(
        say, prefix="back-", data={"phone": "962 12", "birth": {"precision": "MONTH", "year": "98"}}
    )
    wrong: tuple[tuple[Field, str], ...] = (
        (form["phone"], say("Escriba los diez números del teléfono.", "Write the ten digits of the number.")),
        (
            form["feels_safe"],
            say("Elija una respuesta, o por qué no la hay.", "Choose an answer, or why there is none."),
        ),
        (
            form["birth"]["year"],
            say(
                "Escriba el año con cuatro cifras, por ejemplo 1998.", "Write four digits, for example 1998."
            ),
        ),
    )
    for field, sentence in wrong:
        field.errors = (sentence,)
    return form
