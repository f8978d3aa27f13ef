"""What a training part has beside its options must be declared: misspelt methods, capabilities and metadata are refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn

from gantlet.core.errors import RegistrationError
from gantlet.core.interfaces.capabilities import Capabilities, ModuleCapabilities, Part
from gantlet.core.interfaces.conditioning import Conditioning
from gantlet.core.interfaces.hooks import DiscriminatorTerm, GeneratorTerm, Packs, Refuses
from gantlet.core.interfaces.modules import Head
from gantlet.core.interfaces.networks import Network, Shape
from gantlet.core.interfaces.objectives import Objective
from gantlet.core.interfaces.penalties import LazyPenalty, Penalty
from gantlet.core.registry import Registry
from gantlet.training.networks import CONDITIONING, NETWORKS
from gantlet.training.objectives import OBJECTIVES
from gantlet.training.penalties import PENALTIES
from gantlet.training.techniques import TECHNIQUES

REGISTRIES: tuple[Registry[..., Any], ...] = (NETWORKS, CONDITIONING, OBJECTIVES, PENALTIES, TECHNIQUES)


@pytest.fixture(autouse=True)
def _nothing_stays_registered() -> Iterator[None]:
    before = [(registry, set(registry.names())) for registry in REGISTRIES]
    yield
    for registry, names in before:
        assert set(registry.names()) == names


def loss(self: object, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return fake_logits - real_logits


def penalty(self: object, *args: Any) -> Tensor:
    return torch.zeros(())


def module(self: object, *args: Any) -> nn.Module:
    return nn.Identity()


def refusal(registry: Registry[..., Any], bases: tuple[type, ...], body: dict[str, Any], **metadata: Any) -> str:
    """Return why a frozen dataclass of these bases and attributes cannot be registered."""
    thing = dataclass(frozen=True)(type("Typo", bases, {"__doc__": "Do something.", **body}))
    with pytest.raises(RegistrationError) as caught:
        registry.register("typo", source="Nobody 2026", **metadata)(thing)
    return str(caught.value)


def term(self: object, real: Any, fake: Any, labels: Any) -> Tensor:
    return torch.zeros(())


def test_a_misspelt_technique_is_told_every_right_name() -> None:
    complete = {"generator_term": term}
    said = refusal(TECHNIQUES, (GeneratorTerm,), {"generator_trem": term, **complete})
    assert "'generator_trem'" in said and "did you mean 'generator_term'" in said
    said = refusal(TECHNIQUES, (GeneratorTerm,), {"mixes_bacth": True, **complete})
    assert "'mixes_bacth'" in said and "capabilities = Capabilities(mixes_batch=…)" in said
    said = refusal(TECHNIQUES, (GeneratorTerm,), complete, whole_bach=True)
    assert "unknown metadata 'whole_bach'" in said and "'whole_batch' is a capability" in said
    said = refusal(TECHNIQUES, (), {"generator_trem": term, "mixes_bacth": True}, whole_bach=True)
    assert "whole_batch" in said


@pytest.mark.parametrize("name", ["mixes_batch", "whole_batch", "needs_real", "cross_entropy"])
def test_a_capability_is_no_attribute_of_its_own_and_no_metadata(name: str) -> None:
    assert f"Capabilities({name}=…)" in refusal(TECHNIQUES, (GeneratorTerm,), {name: True, "generator_term": term})
    assert f"Capabilities({name}=…)" in refusal(TECHNIQUES, (GeneratorTerm,), {"generator_term": term}, **{name: True})


OBJECTIVE = {"discriminator_loss": loss, "generator_loss": loss}
LABELS = {"latent_input": module, "image_input": module, "head": module}
NETWORK = {"generator": module, "discriminator": module}


@pytest.mark.parametrize(
    ("registry", "bases", "body", "nearest"),
    [
        (NETWORKS, (Network,), {**NETWORK, "sees_input": True}, "sees_inputs"),
        (NETWORKS, (Network,), {**NETWORK, "make_points": True}, "makes_points"),
        (OBJECTIVES, (Objective,), {**OBJECTIVE, "relativistc": True}, "relativistic"),
        (OBJECTIVES, (Objective,), {**OBJECTIVE, "common_term": term}, "common_terms"),
        (PENALTIES, (Penalty,), {"__call__": penalty, "after_steps": term}, "after_step"),
        (PENALTIES, (Penalty,), {"__call__": penalty, "evry": 4}, "every"),
        (CONDITIONING, (Conditioning,), {**LABELS, "discriminator_terms": term}, "discriminator_term"),
        (CONDITIONING, (Conditioning,), {**LABELS, "norms": module}, "norm"),
    ],
)
def test_misspelt_parts_of_every_kind(
    registry: Registry[..., Any], bases: tuple[type, ...], body: dict[str, Any], nearest: str
) -> None:
    assert f"'{nearest}'" in refusal(registry, bases, body)


@pytest.mark.parametrize(
    ("registry", "base", "body", "owner"),
    [
        (TECHNIQUES, GeneratorTerm, {"generator_term": term, "discriminator_term": term}, DiscriminatorTerm),
        (TECHNIQUES, GeneratorTerm, {"generator_term": term, "pack": 2}, Packs),
        (OBJECTIVES, Objective, {**OBJECTIVE, "refusal": term}, Refuses),
        (PENALTIES, Penalty, {"__call__": penalty, "every": 2}, LazyPenalty),
        (NETWORKS, Network, {**NETWORK, "refusal": term}, Refuses),
        (CONDITIONING, Conditioning, {**LABELS, "generator_term": term}, GeneratorTerm),
    ],
)
def test_a_hook_counts_only_when_its_protocol_is_a_base(
    registry: Registry[..., Any], base: type, body: dict[str, Any], owner: type
) -> None:
    assert f"does not name {owner.__name__} as a base" in refusal(registry, (base,), body)


@pytest.mark.parametrize(
    ("registry", "bases", "body", "lacking"),
    [
        (TECHNIQUES, (GeneratorTerm, DiscriminatorTerm), {"generator_term": term}, "discriminator_term"),
        (TECHNIQUES, (Packs,), {}, "pack"),
        (OBJECTIVES, (Objective,), {"discriminator_loss": loss}, "generator_loss"),
        (PENALTIES, (LazyPenalty,), {"every": 2}, "__call__"),
        (NETWORKS, (Network,), {"generator": module}, "discriminator"),
        (CONDITIONING, (Conditioning,), {"latent_input": module, "image_input": module}, "head"),
    ],
)
def test_a_named_protocol_is_complete(
    registry: Registry[..., Any], bases: tuple[type, ...], body: dict[str, Any], lacking: str
) -> None:
    assert f"does not define '{lacking}'" in refusal(registry, bases, body)


def test_a_class_without_a_protocol_is_refused() -> None:
    for registry in REGISTRIES:
        assert "names no protocol" in refusal(registry, (), {})


def test_unknown_capabilities_are_type_errors() -> None:
    with pytest.raises(TypeError, match="mixes_bacth"):
        Capabilities(mixes_bacth=True)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="give_energy"):
        ModuleCapabilities(give_energy=True)  # type: ignore[call-arg]


def test_a_part_has_the_default_capabilities_until_it_sets_its_own() -> None:
    @dataclass(frozen=True)
    class Plain(GeneratorTerm):
        generator_term = term

    @dataclass(frozen=True)
    class Whole(Plain):
        capabilities: ClassVar[Capabilities] = Capabilities(whole_batch=True)

    assert Plain().capabilities == Part.capabilities == Capabilities()
    assert Whole().capabilities.whole_batch and not Whole().capabilities.mixes_batch


def test_a_correct_part_of_each_kind_is_accepted() -> None:
    @dataclass(frozen=True)
    class Points(Network[Shape]):
        """Make points."""

        capabilities: ClassVar[Capabilities] = Capabilities(makes_points=True)
        generator = module
        discriminator = module

    @dataclass(frozen=True)
    class Labels(Conditioning):
        """Use labels."""

        dim: int = 3
        latent_input = module
        image_input = module
        head = lambda self, dim, n_classes: Head()  # noqa: E731

    @dataclass(frozen=True)
    class Lazy(LazyPenalty):
        """Penalise."""

        every: int = 4
        __call__ = penalty

    for registry, thing in ((NETWORKS, Points), (CONDITIONING, Labels), (PENALTIES, Lazy)):
        try:
            assert registry.register("fine", source="Nobody 2026")(thing) is thing
        finally:
            registry._entries.pop("fine", None)


@pytest.mark.parametrize("value", [{"whole_batch": True}, Capabilities, "whole_batch"])
def test_capabilities_of_another_type_are_refused(value: object) -> None:
    class Wrong(DiscriminatorTerm):
        """A technique."""

        capabilities = value  # type: ignore[assignment]

        def discriminator_term(self, real, fake, labels):  # type: ignore[no-untyped-def]
            return 0

    with pytest.raises(RegistrationError, match="expected capabilities = Capabilities"):
        TECHNIQUES.register("wrong-capabilities", source="x")(Wrong)


def test_a_capability_that_is_no_truth_value_is_refused() -> None:
    with pytest.raises(TypeError, match="whole_batch"):
        Capabilities(whole_batch="no")  # type: ignore[arg-type]
