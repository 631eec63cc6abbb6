// SPDX-License-Identifier: GPL-2.0-only
// Files of /proc, of the module, of udev and of memhpd, as a broken tree may have them.
#include "core/advice/udev_rules.h"
#include "core/kernel/event.h"
#include "core/kernel/kernel_log.h"
#include "core/kernel/kernel_options.h"
#include "core/online/hooks.h"
#include "input.h"
#include "system/memory/procfs.h"
#include "system/memory/zoneinfo.h"

using namespace memhp;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const auto text = text_of(data, size);
	parse_iomem(text);
	for (const auto &zone : parse_zoneinfo(text).zones)
		require(zone.node >= 0);
	parse_kernel_config(text);
	parse_command_line(text);
	read_memory_rules(text);
	if (const auto record = Record::parse(text))
		for (const auto &[key, value] : record->fields())
			record->number(key);
	if (const auto variables = parse_lines(text)) {
		require(parse_lines(to_lines(*variables)) == *variables);
		if (const auto settled = settled_from(*variables))
			environment(*settled);
	}
	return 0;
}
