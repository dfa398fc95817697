"""Variables of checkpoints and SavedModels, as TensorFlow made them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aimcodec.bridges.tensorflow import TensorflowCheckpoint, looks_like_tensorflow
from aimcodec.errors import LimitExceededError, MalformedError
from aimcodec.limits import Limits

from .fixture_files import assert_equal, read_all

tf = pytest.importorskip("tensorflow")

KERNEL = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tensorflow")
    module = tf.Module()
    module.kernel = tf.Variable(KERNEL)
    module.half = tf.Variable(tf.cast(KERNEL, tf.bfloat16))
    module.words = tf.Variable(["a", "b"])
    tf.train.Checkpoint(model=module).write(str(folder / "model"))
    tf.saved_model.save(module, str(folder / "saved"))
    return folder


@pytest.mark.parametrize("name", ["model", "model.index", "saved", "saved/saved_model.pb"])
def test_variables(name: str, folder: Path) -> None:
    model = TensorflowCheckpoint(folder / name)
    found = {key.rpartition("/")[2]: array for key, array in read_all(model).items() if "save_counter" not in key}
    assert found.keys() == {"kernel", "half"}
    assert_equal(found["kernel"], KERNEL)
    assert found["half"].dtype.name == "bfloat16"
    assert found["half"].astype(np.float32).tolist() == KERNEL.tolist()
    assert any("functions" in loss for loss in model.losses)
    assert any("words" in loss for loss in model.losses)


def test_what_is_told(folder: Path) -> None:
    for name in ("model.index", "saved/saved_model.pb"):
        assert looks_like_tensorflow((folder / name).read_bytes()[:64], str(folder / name))
    assert looks_like_tensorflow(b"", str(folder / "saved"))
    assert not looks_like_tensorflow(b"", str(folder))


def test_wrong_files(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        TensorflowCheckpoint(tmp_path / "none")
    (tmp_path / "m.index").write_bytes((folder / "model.index").read_bytes()[:-9])
    with pytest.raises(MalformedError):
        TensorflowCheckpoint(tmp_path / "m")
    (tmp_path / "n.index").write_bytes((folder / "model.index").read_bytes())
    with pytest.raises(MalformedError):  # its data are missing
        read_all(TensorflowCheckpoint(tmp_path / "n"))
    with pytest.raises(LimitExceededError):
        TensorflowCheckpoint(folder / "model", limits=Limits(max_output_bytes=8))
