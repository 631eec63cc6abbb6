// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "memhpctl/event_text.h"
#include "memhpctl/json_text.h"
#include "memhpctl/since.h"
#include "memhpctl/terminal.h"
#include "memhpctl/verbs.h"
#include "system/kernel/kmod.h"
#include "system/memory/sysfs.h"

namespace memhp
{

int verb_events(const Globals &globals, const EventsOptions &options)
{
	const auto sysfs = Sysfs::open(globals.sysroot);
	if (!sysfs)
		return complain(sysfs.error());
	const auto clock = Clock::of(sysfs->root_fd());
	auto filter = options.filter;
	if (!options.since.empty()) {
		const auto since = parse_since(options.since, clock);
		if (!since)
			return complain(since.error(), exit_usage);
		filter.since_ns = *since;
	}
	const Kmod kmod(sysfs->root_fd());
	const auto events = kmod.open_events(Kmod::From::oldest);
	if (!events)
		return complain(events.error());

	Table table(event_columns());
	auto list = nlohmann::json::array();
	for (;;) {
		const auto record = Kmod::read_event(events->get());
		if (!record)
			return complain(record.error());
		if (!*record)
			break;
		if (!filter.passes(**record))
			continue;
		if (globals.json)
			list.push_back(event_json(**record));
		else
			table.add(event_cells(**record, clock));
	}
	if (globals.json)
		fmt::print("{}\n", json_text({{"events", std::move(list)}}));
	else
		fmt::print("{}", table.text(terminal_of(STDOUT_FILENO)));
	return exit_done;
}

} // namespace memhp
