"""Picture files -> what a model that sees is sent of them."""

import base64
from collections.abc import Sequence
from pathlib import Path

from bathy.agent.errors import ConfigError
from bathy.agent.model.catalog import Model
from bathy.agent.model.messages import Image

MAX_IMAGE_BYTES = 20 << 20
"""Largest picture; the service takes 48 MiB a request, in base64."""

_KINDS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def read_images(paths: Sequence[Path], model: Model) -> tuple[Image, ...]:
    """Read pictures.

    Args:
        paths: Files.
        model: Must see.

    Raises:
        ConfigError: The model does not see, or a file is no picture that it could see.
    """
    if paths and not model.sees_images:
        raise ConfigError(f"{model.id} does not see images; deepseek-flash does (--model)")
    return tuple(_read(path) for path in paths)


def _read(path: Path) -> Image:
    if path.exists() and not path.is_file():
        raise ConfigError(f"--image {path} is no file")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_IMAGE_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"--image {path}: {error.strerror}") from error
    if len(data) > MAX_IMAGE_BYTES:
        raise ConfigError(f"--image {path} is larger than {MAX_IMAGE_BYTES >> 20} MiB")
    kind = next((name for mark, name in _KINDS if data.startswith(mark)), "")
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        kind = "image/webp"
    if not kind:
        raise ConfigError(f"--image {path} is no PNG, JPEG, GIF or WebP picture")
    return Image(kind, base64.b64encode(data).decode("ascii"))
