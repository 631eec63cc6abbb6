// SPDX-License-Identifier: GPL-2.0-only
#include "memhpctl/examples.h"

#include <array>

#include <fmt/format.h>

namespace memhp
{
namespace
{

struct Example {
	std::string_view line; ///< without "memhpctl"
	std::string_view does;
};

struct Examples {
	std::string_view verb;
	std::array<Example, 2> examples;
};

// A test runs each of them on a small machine: boot memory, a DIMM PNP0C80:01 in blocks 32 to 35,
// of which the upper half is offline, and a virtio-mem device.
constexpr std::array all = {
	Examples{
		"list",
		{{{"list", "all memory, equal neighbours as one line"},
		  {"list node:1 -o BLOCK,STATE,ZONE --split", "a line for each block of node 1"}}}},
	Examples{"map",
		 {{{"map", "all memory, a row a node"},
		   {"map node:1 --cell 1G", "a letter for each GiB of node 1"}}}},
	Examples{"status",
		 {{{"status", "totals, nodes, and what memhpd is doing"},
		   {"status --json", "the same for a program"}}}},
	Examples{"online",
		 {{{"online 34-35", "these blocks, as movable memory"},
		   {"online device:PNP0C80:01 --zone kernel",
		    "a DIMM, for everything that the kernel needs memory for"}}}},
	Examples{"offline",
		 {{{"offline 256M zone:movable",
		    "so much of the movable memory, wherever it goes best"},
		   {"offline device:PNP0C80:01 --all-or-nothing --deadline 5m",
		    "a DIMM, and all back where it does not go as a whole"}}}},
	Examples{"eject",
		 {{{"eject PNP0C80:01", "this DIMM, or everything stays as it is"},
		   {"eject PNP0C80:01 --deadline 30m --no-wait",
		    "memhpd keeps trying for half an hour"}}}},
	Examples{"explain",
		 {{{"explain 32-35", "can these blocks go, and what keeps those that cannot"},
		   {"explain node:1 --json", "the same for a program"}}}},
	Examples{"cancel",
		 {{{"cancel 3", "end request 3, see memhpctl status"},
		   {"cancel all", "end all of them"}}}},
	Examples{"events",
		 {{{"events", "every online and offline since the module was loaded"},
		   {"events --since 10m --block 32-47", "of these blocks, of late"}}}},
	Examples{"watch",
		 {{{"watch", "what happens from now on, until Ctrl-C"},
		   {"watch --json", "an object a line, for a program"}}}},
	Examples{"stats",
		 {{{"stats", "how attempts ended, and how long they took"},
		   {"stats --json", "the same for a program"}}}},
	Examples{"wait",
		 {{{"wait --online 1G --timeout 30s", "until so much of the machine is online"},
		   {"wait --settled --timeout 5m", "until nothing happens any more"}}}},
	Examples{"probe",
		 {{{"probe 0x180000000 --dry-run", "would the kernel be told of it"},
		   {"probe 0x180000000", "memory that begins there, as a new block"}}}},
	Examples{"collect",
		 {{{"collect memhp.tar.gz", "the machine as it is, for support"},
		   {"collect memhp.tar --force", "the same in place of an older file"}}}},
	Examples{"metrics",
		 {{{"metrics", "for a look, or for a scrape of your own"},
		   {"metrics --json", "the same text in an object"}}}},
	Examples{"policy check",
		 {{{"policy check /etc/memhp/memhpd.toml", "every mistake, with line and column"},
		   {"policy check -", "of the standard input"}}}},
	Examples{"policy show",
		 {{{"policy show", "every key, and what it makes of each device"},
		   {"policy show --json", "the same for a program"}}}},
	Examples{"plan add",
		 {{{"plan add 64G --node 1", "what would become of a DIMM of that size"},
		   {"plan add 8G --source virtio-mem", "of memory that comes block by block"}}}},
	Examples{"plan offline",
		 {{{"plan offline device:PNP0C80:01", "the machine without that DIMM"},
		   {"plan offline 256M", "without so much memory, wherever it goes best"}}}},
	Examples{"doctor",
		 {{{"doctor", "each finding: what, why it matters, what to type"},
		   {"doctor --json", "the same for a program"}}}},
};

} // namespace

std::string examples_of(std::string_view verb)
{
	for (const auto &[name, examples] : all) {
		if (name != verb)
			continue;
		std::string text = "Examples:\n";
		for (const auto &[line, does] : examples)
			text += fmt::format("  memhpctl {}\n      {}\n", line, does);
		return text;
	}
	return {};
}

} // namespace memhp
