"""The people: who they are, how they will answer and when, drawn from a seed.

A million people are a few arrays. Nobody is an object; what a person has become is the number of their class.
"""

import random
from array import array
from collections.abc import Callable, Iterator

import msgspec

from ..policy.rollouts.models import STEPS, Level
from .classes import GONE
from .models import Answer, Habit, Move, Region
from .reading import ScenarioError, Script

FIRST_DIGIT, TRAVELLER_DIGIT = 2, 9
"""Numbers that people begin with, and those that travellers get, so that none is given out twice."""
PATIENCE = 6
"""Nobody takes longer for a move than this many times the mean."""


class Act(msgspec.Struct, frozen=True):
    """What a person is about to do: a move of their answer, or a habit."""

    do: str
    options: bool = False


class Population:
    def __init__(self, script: Script, size: int, seed: int, server_name: str) -> None:
        self._regions = script.scenario.regions
        self._answers = script.scenario.answers
        self._habits = script.scenario.habits
        self._random = random.Random(f"{seed}/people")  # noqa: S311 (a simulation)
        self.size = size
        self.countries = list(self._regions)
        self._server_name = server_name
        self._starts = _shares([region.share for region in self._regions.values()], size)
        self._check_numbers()
        self.kind = array("I", bytes(4 * size))
        self._answer = bytearray(size)
        self._stage = bytearray(size)
        self._scheduled = bytearray(size)
        self._current: list[Answer] = []
        self._waiting: dict[tuple[int, int, int], array[int]] = {}
        self._agenda: dict[int, array[int]] = {}
        self._habitual: dict[int, list[tuple[int, Act]]] = self._draw_habits()
        self.travellers: dict[int, None] = {}
        """In the order in which they went."""

    def _check_numbers(self) -> None:
        for (country, region), (begin, end) in zip(self._regions.items(), self._starts, strict=True):
            if end - begin > 7 * 10 ** (region.digits - 1):
                raise ScenarioError(f"There are too few phone numbers for {end - begin} people in {country}.")

    # who they are

    def user_id(self, person: int) -> str:
        return f"@{self.localpart(person)}:{self._server_name}"

    @staticmethod
    def localpart(person: int) -> str:
        return f"p{person:07d}"

    def of_country(self, index: int) -> range:
        """Those who have their first number there."""
        begin, end = self._starts[index]
        return range(begin, end)

    def home(self, person: int) -> int:
        """The index of the country of their first number."""
        return next(index for index, (_, end) in enumerate(self._starts) if person < end)

    def region(self, index: int) -> Region:
        return self._regions[self.countries[index]]

    def number(self, person: int, index: int) -> str:
        """Their phone number in their own country."""
        return _number(self.region(index), FIRST_DIGIT, person - self._starts[index][0])

    # how they answer

    def answer_to(self, version: str) -> None:
        """A roll-out begins: everybody is drawn an answer to it."""
        answers = self._answers[version]
        self._current = list(answers.values())
        self._waiting.clear()
        self._agenda.clear()
        self._stage = bytearray(self.size)
        self._scheduled = bytearray(self.size)
        for index in range(len(self.countries)):
            people = self.of_country(index)
            weights = [answer.weights.get(self.region(index).leaning, 0.0) for answer in self._current]
            if not sum(weights):
                raise ScenarioError(f"Nobody in {self.countries[index]} has an answer to {version}.")
            drawn = bytes(self._random.choices(range(len(weights)), weights, k=len(people)))
            self._answer[people.start : people.stop] = drawn
            for person, answer in zip(people, drawn, strict=True):
                if self.kind[person] != GONE and self._current[answer].moves:
                    self._wait(person, index)

    def step(self, day: int, reached: Callable[[int], Level], reached_by: Callable[[int], Level]) -> None:
        """The step that a country (by index), or a traveller, has come to moves those who waited for it."""
        levels = [reached(index) for index in range(len(self.countries))]
        for (index, answer, stage), people in list(self._waiting.items()):
            move = self._current[answer].moves[stage]
            if levels[index] >= STEPS[move.after]:
                del self._waiting[index, answer, stage]
                here = sorted(person for person in people if person not in self.travellers)
                # Prompt people are prompt every time: a low number acts first. So a day's work lies together on disk.
                waits = sorted(self._wait_for(move) for _ in here)
                for person, wait in zip(here, waits, strict=True):
                    self._schedule(person, day + wait)
        for person in self.travellers:
            if not self._scheduled[person] and self.kind[person] != GONE:
                move_left = self._move(person)
                if move_left is not None and reached_by(person) >= STEPS[move_left.after]:
                    self._schedule(person, day + self._wait_for(move_left))

    def acts(self, day: int) -> Iterator[tuple[int, Act]]:
        """Who does what on a day, in the order of people: each goes on to their next move."""
        planned = sorted(self._agenda.pop(day, ()))
        for person in planned:
            move = self._move(person)
            self._stage[person] += 1
            self._scheduled[person] = 0
            if self.kind[person] == GONE or move is None:
                continue
            yield person, _ACTS[move.do, move.options]
            if self._move(person) is not None and person not in self.travellers:
                self._wait(person, self.home(person))
        yield from self._habitual.pop(day, ())

    def travel(self, person: int) -> tuple[int, str]:
        """The index of another country and a number there."""
        index = self._random.choices(range(len(self.countries)), [own.share for own in self._regions.values()])[0]
        if index == self.home(person):
            index = (index + 1) % len(self.countries)
        self.travellers[person] = None
        return index, _number(self.region(index), TRAVELLER_DIGIT, len(self.travellers) - 1)

    def _move(self, person: int) -> Move | None:
        moves = self._current[self._answer[person]].moves
        stage = self._stage[person]
        return moves[stage] if stage < len(moves) else None

    def _wait(self, person: int, index: int) -> None:
        key = (index, self._answer[person], self._stage[person])
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = array("I")
        waiting.append(person)

    def _wait_for(self, move: Move) -> int:
        """Days."""
        return int(min(self._random.expovariate(1 / move.within), PATIENCE * move.within))

    def _schedule(self, person: int, due: int) -> None:
        agenda = self._agenda.get(due)
        if agenda is None:
            agenda = self._agenda[due] = array("I")
        agenda.append(person)
        self._scheduled[person] = 1

    def _draw_habits(self) -> dict[int, list[tuple[int, Act]]]:
        drawn: dict[int, list[tuple[int, Act]]] = {}
        for habit in self._habits:
            for person in self._random.sample(range(self.size), round(habit.chance * self.size)):
                day = self._random.randint(habit.begin.toordinal(), habit.end.toordinal())
                drawn.setdefault(day, []).append((person, _act(habit)))
        for acts in drawn.values():
            acts.sort(key=lambda item: item[0])
        return drawn


_ACTS = {
    (do, options): Act(do, options)
    for do in ("accept", "decline", "later", "leave", "withdraw", "choose", "travel")
    for options in (False, True)
}


def _act(habit: Habit) -> Act:
    return _ACTS[habit.do, habit.options]


def _number(region: Region, first_digit: int, number: int) -> str:
    return f"{region.prefix}{first_digit * 10 ** (region.digits - 1) + number}"


def _shares(shares: list[float], size: int) -> list[tuple[int, int]]:
    """From where to where each share of the people goes."""
    total, done = sum(shares), 0.0
    ranges = []
    for share in shares:
        begin = round(size * done / total)
        done += share
        ranges.append((begin, round(size * done / total)))
    return ranges
