"""Questions asked before some lessons and again after them, to show what was gained.

The right answers stand nowhere here: the lesson that asks again computes each one and settles it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from utils.predictions import my_predictions, predict, record, recorded

QUESTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Logistic regression gives an example the score 0. The probability of yes is",
        ("0", "0.5", "it depends on the data"),
    ),
    (
        "You add 100 to the score of every class. The softmax probabilities",
        ("stay as they are", "move towards equal", "move towards winner takes all"),
    ),
    (
        "Model A gives the true class 0.5 every time. Model B gives it 0.9 nine times of ten, and "
        "once 0.000001. The larger mean cross-entropy belongs to",
        ("A", "B"),
    ),
    (
        "With four classes, a model that knows nothing says 0.25 each. Its cross-entropy is",
        ("0.25", "4", "log 4"),
    ),
    (
        "The slope of the cross-entropy with respect to the score of one class is",
        ("p - y", "p (1 - p)", "-y / p"),
    ),
    (
        "A straight line separates two classes perfectly. Trained for ever without a penalty, the "
        "weights",
        ("settle down", "shrink to 0", "grow without end"),
    ),
    (
        "The region in which softmax regression says “class 2”",
        ("can have a hole", "can be in two pieces", "is convex"),
    ),
    (
        "A perfectly calibrated model makes 500 predictions, sorted into 15 bins. Its measured "
        "calibration error (ECE) is",
        ("0", "a little above 0", "as often below 0 as above"),
    ),
    (
        "A stronger L2 penalty makes the probabilities",
        ("less extreme", "more extreme", "more accurate"),
    ),
    (
        "Dividing all scores by a temperature T > 0 before the softmax can change",
        ("the accuracy", "the confidence", "both"),
    ),
    (
        "A model is calibrated where one example in ten is a yes, and says 0.5 of one of them. Where "
        "half of all are yes, and nothing else differs, the honest probability of the same example is",
        ("0.5", "0.7", "0.9"),
    ),
    (
        "Sets of digits are built so that nine new images in ten have their true digit in their set. "
        "Among the images of one digit alone, the true one is in the set",
        (
            "nine times in ten too",
            "at least nine times in ten",
            "for some digits clearly less often",
        ),
    ),
)
ROUNDS: tuple[tuple[str, str, range], ...] = (
    ("00", "11", range(1, 11)),
    ("12", "14", range(11, 13)),
)
"""The lesson that asks, the one that asks again and settles, and which questions."""


def asked_by(lesson: str) -> range:
    """Return the numbers of the questions that a lesson asks, none for most lessons.

    Examples
    --------
    >>> list(asked_by("12")), list(asked_by("13"))
    ([11, 12], [])
    """
    return next((numbers for *both, numbers in ROUNDS if lesson in both), range(0))


def questions(lesson: str = "00") -> None:
    """Print the questions that a lesson asks, with their options. Lessons 00, 11, 12 and 14.

    Parameters
    ----------
    lesson : str
        By default the first, whose ten questions lesson 11 asks again.
    """
    for number in asked_by(lesson):
        text, options = QUESTIONS[number - 1]
        print(f"{number:2}. {text}")
        print(
            "    " + "   ".join(f"{letter}) {o}" for letter, o in zip("abc", options, strict=False))
        )


def answer(lesson: str, answers: Mapping[int, tuple[str, float] | None]) -> None:
    """Commit your answers to a lesson's questions as predictions such as ``"00.q1"``.

    Lessons 00, 11, 12 and 14.

    Parameters
    ----------
    lesson : str
        The lesson that asks, such as ``"00"``.
    answers : mapping
        Question number to ``("b", 0.8)``: the letter and how sure you are. None for not answered.
    """
    given = {n: a for n, a in answers.items() if a is not None}
    numbers = asked_by(lesson)
    for number, choice in given.items():
        if number not in numbers:
            print(
                f"there is no question {number!r}: they are numbered {numbers[0]} to {numbers[-1]}"
            )
            continue
        options = QUESTIONS[number - 1][1]
        letters = "abc"[: len(options)]
        letter = choice[0] if isinstance(choice, tuple) and len(choice) == 2 else None
        if not (isinstance(letter, str) and letter and letter.lower() in list(letters)):
            print(
                f"question {number}: answer with a letter ({', '.join(letters)}) and how sure you are, "
                f'such as ("{letters[-1]}", 0.8); {choice!r} came'
            )
            continue
        predict(f"{lesson}.q{number}", options, options[letters.index(letter.lower())], choice[1])
    stored = sum(id.startswith(f"{lesson}.q") for id in recorded()[0])
    print(f"{stored} of {len(numbers)} questions answered")


def settle(number: int, outcome: str) -> None:
    """Show a question's outcome, beside what you said in both lessons that ask it.

    It is known from now on, so in neither lesson does a later answer count. Lessons 11 and 14.

    Parameters
    ----------
    number : int
        The question's number, from 1.
    outcome : str
        What came, one of the question's options.

    Raises
    ------
    ValueError
        If the question has no such option.
    """
    options = QUESTIONS[number - 1][1]
    if outcome not in options:
        raise ValueError(f"question {number} has no option {outcome!r}, only {', '.join(options)}")
    said, outcomes = recorded()
    told = []
    for lesson in next((before, after) for before, after, these in ROUNDS if number in these):
        id = f"{lesson}.q{number}"
        if id not in outcomes:
            record({"id": id, "outcome": outcome}, quiet=id not in said)
        if id in said:
            answer, sure = said[id]
            right = "✓ right" if answer == outcome else "✗ wrong"
            told.append(f"{right} in lesson {lesson}, {sure:.0%} sure")
    print(f"{number:2}. {outcome}" + (f"  ({'; '.join(told)})" if told else ""))


def gained(after: str = "11") -> None:
    """Print how your answers fared, those before and those after. Lessons 11 and 14.

    The score is the mean squared distance between how sure you were and what came: 0 is perfect,
    and 0.25 is what "50 % sure" always gets.

    Parameters
    ----------
    after : str
        The lesson that asked again.
    """
    said, settled = recorded()[0], {item.id: item for item in my_predictions().items}
    both = []
    for lesson in next(lessons for *lessons, _ in ROUNDS if after in lessons):
        ids = [f"{lesson}.q{number}" for number in asked_by(lesson)]
        mine = [settled[id] for id in ids if id in settled]
        both.append({item.id[2:]: item.correct for item in mine})
        if not mine:
            waiting = any(id in said for id in ids)
            why = "none of your answers has an outcome yet: run the cells above"
            print(f"lesson {lesson}: {why if waiting else 'no answers of yours are stored here'}")
            continue
        score = np.mean([(item.sure - item.correct) ** 2 for item in mine])
        print(
            f"lesson {lesson}: {sum(item.correct for item in mine):2} of {len(mine):2} right, "
            f"{np.mean([item.sure for item in mine]):4.0%} sure on average, score {score:.2f}"
        )
    twice = both[0].keys() & both[1].keys()
    if twice:
        change = sum(both[1][q] for q in twice) - sum(both[0][q] for q in twice)
        print(f"of the {len(twice)} you answered both times: {change:+} right")
