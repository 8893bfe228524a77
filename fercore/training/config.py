"""What a training does: recipes are TOML files, every field is a flag, every value is checked before anything runs."""

from __future__ import annotations

import argparse
import math
import tomllib
from dataclasses import dataclass, field, fields, replace
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from fercore import fields as settings
from fercore.data.dataset import Dataset
from fercore.data.transforms import AugmentConfig
from fercore.fields import ConfigError, check, setting
from fercore.models.registry import config_class
from fercore.untrusted import check_content

RECIPES = resources.files("fercore") / "recipes"
_MOST_BYTES = 4 << 20


@dataclass(frozen=True)
class TrainingConfig:
    """How a model is fitted. All choices (epoch, early stopping, plateau) look at the val split alone."""

    epochs: int = setting(20, "passes over the training images", min=1, max=10000)
    batch_size: int = setting(128, "images per step, over all processes", min=1, max=65536)
    batch_scale: int = setting(
        1, "steps of this many times --batch-size, with learning rate and EMA to match, for a GPU", min=1, max=512
    )
    optimizer: str = setting(
        "sgd", "sgd (Nesterov), adamw, or muon (for matrices, beside adamw)", choices=("sgd", "adamw", "muon")
    )
    learning_rate: float = setting(0.05, "highest learning rate", above=0, max=10)
    momentum: float = setting(0.9, "momentum of SGD and Muon", min=0, max=0.999)
    weight_decay: float = setting(5e-4, "weight decay of matrices and kernels", min=0, max=1)
    schedule: str = setting(
        "onecycle", "course of the learning rate", choices=("onecycle", "cosine", "plateau", "constant")
    )
    warmup: float = setting(0.2, "share of all steps that warm up (onecycle, cosine)", min=0, max=0.9)
    plateau_factor: float = setting(0.75, "learning rate times this when val accuracy stalls", above=0, max=0.99)
    plateau_patience: int = setting(5, "epochs without a better val accuracy before that", min=0, max=1000)
    label_smoothing: float = setting(0.0, "share of the target given to all classes evenly", min=0, max=0.9)
    class_weights: str = setting(
        "none", "loss weight of a class: none, inverse frequency, or its root", choices=("none", "balanced", "sqrt")
    )
    targets: str = setting(
        "labels", "what is learned of an image: its label, or the votes that people gave", choices=("labels", "votes")
    )
    init_from: str = setting("", "finished run of the same architecture whose weights are the first ones")
    teacher: str = setting("", "finished run whose answers are learned too; needs --distillation")
    distillation: float = setting(0.0, "share of the loss that compares with the teacher; 0 is off", min=0, max=1)
    temperature: float = setting(1.0, "softens student's and teacher's answers before they compare", above=0, max=100)
    guidance: float = setting(
        0.0, "weight of the loss that compares a ViT's patches with the teacher's feature map; 0 is off", min=0, max=100
    )
    ema: float = setting(0.0, "decay of the averaged weights that are evaluated and kept; 0 is off", min=0, max=0.99999)
    early_stopping: int = setting(0, "stop after this many epochs without a better val accuracy; 0 is off", min=0)
    gradient_clip: float = setting(0.0, "largest norm of the gradient; 0 is off", min=0)
    precision: str = setting("auto", "auto is bf16 where the processor has it", choices=("auto", "bf16", "fp32"))
    compile: bool = setting(False, "compile the network (torch.compile): faster steps after a minute's start")
    threads: int = setting(0, "CPU threads; 0 leaves torch's choice", min=0, max=1024)
    exclude: str = setting("", "file of decisions: training images that it says to drop are left out")
    relabel: str = setting("", "file of decisions: training images that it says to relabel get that label")
    train_share: float = setting(1.0, "stratified share of the training images to use", above=0, max=1)
    seed: int = setting(0, "seed of weights, order, augmentation and dropout", min=0, max=2**31 - 1)

    def __post_init__(self) -> None:
        check(self)
        if self.distillation and not self.teacher:
            raise ConfigError(f"--distillation: received {self.distillation}, but there is no --teacher to learn from")
        if self.guidance and not self.distillation:
            raise ConfigError(f"--guidance: received {self.guidance}, but without --distillation there is no teacher")
        if self.guidance and self.compile:
            raise ConfigError("--compile: received with --guidance, which looks into the network; expected one of them")

    @property
    def images_a_step(self) -> int:
        """Images of one step, over all processes."""
        return self.batch_size * self.batch_scale

    @property
    def highest_rate(self) -> float:
        """The learning rate of steps of so many images: times `batch_scale` for SGD (Goyal et al. 2017), times its root
        for optimizers that divide by the gradient's size (Malladi et al. 2022)."""
        return self.learning_rate * (self.batch_scale if self.optimizer == "sgd" else math.sqrt(self.batch_scale))

    @property
    def ema_decay(self) -> float:
        """The decay of one step that forgets as much in an epoch as `ema` does with a `batch_scale` of 1 (Busbridge et
        al. 2023)."""
        return self.ema**self.batch_scale


@dataclass(frozen=True)
class Config:
    """Everything that repeats a training: recipe name, model type and its config, augmentation, training.

    `given` are the names of fields that `override` was asked for, which no data set changes.
    """

    recipe: str
    model_type: str
    model: Any
    augment: AugmentConfig
    training: TrainingConfig
    given: frozenset[str] = field(default=frozenset(), compare=False, repr=False)

    def override(self, **changes: Any) -> Config:
        """The config with some fields changed, each in the section that has it.

        Raises
        ------
        ConfigError
            If no section has the field, or a value is out of its limits.
        """
        parts, given = {}, self.given | set(changes)
        for section in ("model", "augment", "training"):
            config = getattr(self, section)
            own = {f.name: changes.pop(f.name) for f in fields(config) if f.name in changes}
            parts[section] = replace(config, **{k: tuple(v) if isinstance(v, list) else v for k, v in own.items()})
        if changes:
            raise ConfigError(
                f"unknown setting {next(iter(changes))!r} for a {self.model_type} model; "
                f"known are {', '.join(self.field_names())}"
            )
        return replace(self, given=given, **parts)

    def field_names(self) -> list[str]:
        """Names of all fields that can be varied."""
        return [f.name for section in (self.model, self.augment, self.training) for f in fields(section)]

    def add_flags(self, parser: argparse.ArgumentParser) -> None:
        """One flag per field, with the recipe's value in its help."""
        settings.add_flags(parser, f"model ({self.model_type})", self.model)
        settings.add_flags(parser, "augmentation of training images", self.augment)
        settings.add_flags(parser, "training", self.training)

    def to_dict(self) -> dict:
        """For run.json; `from_dict` reads it back."""
        return {
            "recipe": self.recipe,
            "model": {"type": self.model_type, **settings.to_mapping(self.model)},
            "augment": settings.to_mapping(self.augment),
            "training": settings.to_mapping(self.training),
        }


def fitted(config: Config, dataset: Dataset) -> Config:
    """A config whose model has the data's classes and channels, and their size unless the config asks for another.

    Raises
    ------
    ConfigError
        If such a model cannot be; the message says what of the data does not fit.
    """
    model, wanted = config.model, {"num_classes": len(dataset.classes)}
    if dataset.channels > model.in_channels:
        wanted["in_channels"] = dataset.channels
    limits = next(f for f in fields(model) if f.name == "input_size")
    if model.input_size == limits.default and "input_size" not in config.given:
        wanted["input_size"] = min(dataset.size, limits.metadata["max"])
    try:
        return config.override(**wanted)
    except ConfigError as error:
        raise ConfigError(
            f"a {config.model_type} model does not fit the data in {dataset.path} ({len(dataset.classes)} classes, "
            f"images of {dataset.size}x{dataset.size} pixels, {dataset.channels} channel(s)): {error}. Change the "
            "model by its flags, or prepare the data with another --size"
        ) from error


def from_dict(content: dict, where: str) -> Config:
    """Build a config from a recipe's tables or from run.json's `config`; ConfigError says what does not fit."""
    if unknown := set(content) - {"recipe", "description", "model", "augment", "training"}:
        raise ConfigError(f"{where}: unknown table {sorted(unknown)[0]!r}; known are model, augment and training")
    tables = {name: content.get(name, {}) for name in ("model", "augment", "training")}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise ConfigError(f"{where}: {name!r} is {table!r}, expected a table")
    model = dict(tables["model"])
    kind = model.pop("type", None)
    return Config(
        recipe=str(content.get("recipe", "")),
        model_type=kind,
        model=settings.from_mapping(config_class(kind), model, f"{where} [model]"),
        augment=settings.from_mapping(AugmentConfig, tables["augment"], f"{where} [augment]"),
        training=settings.from_mapping(TrainingConfig, tables["training"], f"{where} [training]"),
    )


def recipe_names() -> list[str]:
    """Names of the recipes that come with the project."""
    return names_in(RECIPES)


def load_recipe(name: str) -> Config:
    """Read a recipe by its name, or from a path to a TOML file.

    Raises
    ------
    ConfigError
        If there is none, it is no TOML, or a value does not fit; the message names file and flag.
    """
    content, source = read_toml(RECIPES, name, "--recipe")
    return from_dict({**content, "recipe": Path(source.name).stem}, str(source))


def names_in(folder: Traversable) -> list[str]:
    """Names of the TOML files that come with the project in one of its folders."""
    return sorted(Path(entry.name).stem for entry in folder.iterdir() if entry.name.endswith(".toml"))


def read_toml(folder: Traversable, name: str, what: str) -> tuple[dict[str, Any], Traversable]:
    """A TOML file by its name in a folder of the project, or by its path: its content, and where it lies.

    Raises
    ------
    ConfigError
        If there is none, or it is no TOML; the message begins with `what`, or names the file.
    """
    source = Path(name) if name.endswith(".toml") else folder / f"{name}.toml"
    try:
        there = source.is_file()
    except OSError:  # a name longer than those of files
        there = False
    if not there:
        known = ", ".join(names_in(folder))
        raise ConfigError(f"{what}: received {name!r}, expected one of {known}, or a path ending in .toml")
    try:
        with source.open("rb") as file:
            text = file.read(_MOST_BYTES + 1)
        if len(text) > _MOST_BYTES:
            raise ConfigError(f"{source}: more than {_MOST_BYTES:,} bytes; expected a recipe or a study")
        content = tomllib.loads(text.decode("utf-8"))
        check_content(content)
    except RecursionError as error:
        raise ConfigError(f"{source}: not readable TOML (nested too deep)") from error
    except ConfigError:
        raise
    except ValueError as error:  # of tomllib, of decoding, of an integer with thousands of digits, of `check_content`
        raise ConfigError(f"{source}: not readable TOML ({error})") from error
    return content, source


def with_model(config: Config, model: str) -> Config:
    """The config with a network of others in place of its own: "timm:convnext_tiny".

    Raises
    ------
    ConfigError
        If it is none that can be had; the message names the way on.
    """
    kind, _, name = model.partition(":")
    if kind != "timm" or not name:
        raise ConfigError(f"--model: received {model!r}, expected timm:NAME, such as timm:convnext_tiny")
    return replace(config, model_type=kind, model=config_class(kind)(name))


def parse_flags(parser: argparse.ArgumentParser, arguments: list[str]) -> tuple[argparse.Namespace, Config]:
    """Parse in two passes: which --recipe, then a flag for every field of it.

    Parameters
    ----------
    parser
        Made with add_help=False and allow_abbrev=False, and with an option --recipe.
    arguments
        What the user typed.

    Returns
    -------
    options, config
        All options, and the recipe with the changes that flags make.
    """
    known, _ = parser.parse_known_args(arguments)
    parser.add_argument("-h", "--help", action="help", help="show this message and exit")
    config = load_recipe(known.recipe)
    if model := getattr(known, "model", None):
        config = with_model(config, model)
    config.add_flags(parser)
    options = parser.parse_args(arguments)
    changes = {name: value for name, value in vars(options).items() if name in config.field_names()}
    return options, config.override(**changes)
