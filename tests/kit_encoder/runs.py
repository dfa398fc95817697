"""Runs of encoders on single models."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from aimcodec.conformance.child import Allowance
from aimcodec.conformance.claims import Claims
from aimcodec.conformance.command import parse_command
from aimcodec.conformance.encoder import EncoderRun, EncoderSubject, ModelResult, run_encoder
from aimcodec.conformance.models import ModelRecipe, recipes

HERE = Path(__file__).resolve().parent
PYTHON = shlex.quote(sys.executable)
RECIPES = {recipe.id: recipe for recipe in recipes()}
QUICK = Allowance(seconds=20.0, memory_bytes=1 << 30, file_bytes=1 << 22)

# What an honest encoder of the two kinds claims.
CLAIMS = {
    "nnc": Claims(max_error_steps=0.5, max_error_steps_dq=2.0, deterministic=True),
    "aim": Claims(deterministic=True, lossless=True),
}


def liar(lie: str, syntax: str) -> EncoderSubject:
    script = shlex.quote(str(HERE / "liar.py"))
    line = f"{PYTHON} {script} {shlex.quote(lie)} {{syntax}} {{model}} {{out}} {{recon}}"
    return EncoderSubject(syntax, parse_command(line))


def ours(syntax: str, settings: str = "") -> EncoderSubject:
    module = "aimcodec.conformance.subjects.encode_native"
    line = f"{PYTHON} -m {module} {{syntax}} {{model}} -o {{out}} --recon {{recon}} {settings}"
    return EncoderSubject(syntax, parse_command(line))


def run_of(
    subject: EncoderSubject,
    models: list[ModelRecipe],
    claims: Claims | None = None,
    allowance: Allowance = QUICK,
    jobs: int = 1,
) -> EncoderRun:
    claimed = CLAIMS[subject.syntax] if claims is None else claims
    return run_encoder(subject, models, claims=claimed, allowance=allowance, jobs=jobs)


def result_of(
    subject: EncoderSubject, model: str, claims: Claims | None = None, allowance: Allowance = QUICK
) -> ModelResult:
    return run_of(subject, [RECIPES[model]], claims, allowance).results[0]
