"""The two lines at the bottom: what is said, and the keys, or in their place an answer being typed."""

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

from rich.text import Text
from textual import on
from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Input, Static

from synscope.cli.watch_app.lines import Lines
from synscope.errors import SynscopeError
from synscope.text import clean
from synscope.views.style import BAD, FRAME

HINTS = " / filter   o sort   r reverse   enter ladder   s save   ? help   q quit"


def _nothing(*_: Any) -> None:
    pass


class Question(NamedTuple):
    """Words, and what is done with the answer; each may raise SynscopeError, which is shown.

    Attributes:
        done: with the answer; after an error it can be corrected.
        typed: with each state of it.
        given_up: when it is left without an answer.
    """

    words: str
    value: str
    done: Callable[[str], None]
    typed: Callable[[str], None] = _nothing
    given_up: Callable[[], None] = _nothing


class AskingApp(App[None]):
    """An app with a `Static` of id `said`, one of id `keys`, and an `Input`."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up")]
    _question: Question | None = None

    @property
    def main(self) -> Screen[Any]:
        """The screen with those widgets, whatever lies over it."""
        return self.screen_stack[0]

    def say(self, words: str, ink: str = FRAME) -> None:
        """Show words, made harmless, above the keys."""
        self.main.query_one("#said", Static).update(Text(f" {clean(words)}", ink, no_wrap=True))

    def ask(self, question: Question) -> None:
        """Ask, in place of the keys."""
        self._question = None  # while its value is set, nobody types
        field = self.main.query_one(Input)
        field.value = question.value
        field.cursor_position = len(question.value)
        self._question = question
        self.say(question.words)
        self._show_input(True)

    def action_give_up(self) -> None:
        """Leave the question."""
        if self._question is not None:
            question = self._close()
            self.say("")
            question.given_up()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While an answer is typed, keys are its letters; while a page is open, they are the page's."""
        free = self._question is None and len(self.screen_stack) == 1
        return free or action in ("give_up", "quit")

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        if self._question is not None:
            self._try(self._question.typed, event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        question = self._question
        if question is not None and self._try(question.done, event.value) and self._question is question:
            self._close()

    def _try(self, act: Callable[[str], None], answer: str) -> bool:
        question = self._question
        assert question is not None
        try:
            act(answer)
        except SynscopeError as error:
            self.say(str(error), BAD)
            return False
        return True

    def _close(self) -> Question:
        question = self._question
        assert question is not None
        self._question = None
        self._show_input(False)
        return question

    def _show_input(self, shown: bool) -> None:
        self.main.query_one(Input).display = shown
        self.main.query_one("#keys").display = not shown
        (self.main.query_one(Input) if shown else self.main.query_one(Lines)).focus()
