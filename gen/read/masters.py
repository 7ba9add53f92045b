# SPDX-License-Identifier: Apache-2.0
"""Which devices reach memory by themselves: bus masters, and what commands one. A device tree does
not say it for all of them, so this errs on the side of too many."""

from __future__ import annotations

import re

from gen.read.fdt import Node

BUS_COMPATIBLES = ("simple-bus", "simple-pm-bus", "qemu,platform")

# Properties that only a bus master carries (Devicetree Specification 2.3.9, 2.3.10; IOMMU, PCI and
# MSI bindings).
PROPERTIES = (
    "dma-coherent",
    "iommus",
    "iommu-map",
    "msi-map",
    "msi-parent",
    "#dma-cells",
    "#iommu-cells",  # it walks tables in memory
)
COMPATIBLES = (
    "arm,gic-v3-its",
    "arm,pl080",
    "arm,pl330",
    "brcm,bcm2835-vchiq",
    "fsl,imx8mm-csi",
    "fsl,imx7-csi",
    "fsl,imx6sx-lcdif",
    "qemu,fw-cfg-mmio",
    "raspberrypi,bcm2835-firmware",
    "virtio,mmio",
)
# Names of nodes by the generic names recommendation (2.2.2) and by habit, less digits at the end.
NAMES = frozenset(
    # storage, network, buses
    "ahci ata can-dma crypto ethernet mmc mshc nand-controller nvme pci pcie sata sdhci spi-dma ufs "
    "usb "
    # engines and translation
    "dma dma-controller iommu its smmu "
    # picture and sound
    "display display-controller dpu gpu hdmi hvs isp lcdif rga txp vec video-codec vop vpu "
    # other processors, by a mailbox too, and what decides where memory is
    "cci dfi dsp mailbox memory-controller remoteproc rproc".split()
)


def is_master(node: Node) -> bool:
    """Also a part of one: a job ring of a crypto engine, a port of a USB controller's wrapper."""
    at: Node | None = node
    while at is not None and at.parent is not None and not is_bus(at):
        if _says_so(at):
            return True
        at = at.parent
    return False


def is_bus(node: Node) -> bool:
    """Whether a node is a way to its children alone. Devices with others below them (simple-mfd, a
    crypto engine with its job rings) are none: they own their registers less those below."""
    return any(name in BUS_COMPATIBLES for name in node.compatible)


def _says_so(node: Node) -> bool:
    name = re.sub(r"\d+$", "", node.name.split("@")[0])
    return (
        any(node.has(name) for name in PROPERTIES)
        or any(name in COMPATIBLES for name in node.compatible)
        or node.text("device_type") == "pci"
        or name in NAMES
    )
