// SPDX-License-Identifier: GPL-2.0-only
#include "core/offline/eject.h"

#include <fmt/format.h>

namespace memhp
{

Result<std::string> device_to_eject(const Target &target)
{
	const bool narrowed = target.bytes || target.all || !target.numbers.empty() ||
			      !target.addresses.empty() || !target.nodes.empty() ||
			      !target.zones.empty();
	if (narrowed || target.devices.size() != 1)
		return fail_input(
			fmt::format("'{}' is not one whole device, and only such a one can "
				    "be ejected; write device:PNP0C80:00, as the column "
				    "DEVICE of memhpctl list has it",
				    target.text));
	return target.devices.front();
}

Result<void> may_eject(const std::string &device, const EjectFacts &facts, bool force)
{
	const auto refuse = [&](const std::string &why) {
		return fail_input(fmt::format("{} cannot be ejected: {}", device, why));
	};
	switch (facts.blocks.front().source) {
	case Source::virtio_mem:
		return refuse("it is a virtio-mem device; its host takes memory back by a smaller "
			      "requested-size");
	case Source::dax_kmem:
		return refuse(
			fmt::format("it is a dax device and no part of the firmware's; daxctl "
				    "reconfigure-device --mode=devdax --force {} takes its "
				    "memory out of use",
				    device));
	case Source::hv_balloon:
		return refuse("it is the balloon of Hyper-V; its host takes memory back by its "
			      "dynamic memory (Set-VMMemory)");
	case Source::xen_balloon:
		return refuse("it is the balloon of Xen; its host takes memory back by a smaller "
			      "target (xl mem-set)");
	default:
		break;
	}
	if (!facts.file)
		return refuse("its firmware has no way to do it (there is no file eject); memhpctl "
			      "offline takes its memory out of use");
	if (!facts.enabled)
		return refuse("the kernel's hotplug of ACPI memory is switched off; echo 1 "
			      ">/sys/firmware/acpi/hotplug/memory/enabled switches it on");
	if (facts.blocks.front().source == Source::boot && !force)
		return refuse("its memory was there at boot, and may be needed at the next; add "
			      "--force if that is meant");
	return {};
}

} // namespace memhp
