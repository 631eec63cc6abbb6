// SPDX-License-Identifier: GPL-2.0-only
// memhpd.toml. What is accepted is accepted again as `memhpctl policy show` has it.
#include "system/config/config.h"
#include "input.h"

using namespace memhp;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const auto config = parse_config(text_of(data, size), "-");
	if (!config) {
		require(!config.error().empty());
		return 0;
	}
	std::string text;
	for (const auto &setting : settings(*config))
		text += setting.key + " = " + to_toml(setting.value) + "\n";
	const auto again = parse_config(text, "-");
	require(again.has_value());
	const auto before = settings(*config);
	const auto after = settings(*again);
	for (size_t i = 0; i < before.size(); ++i)
		require(before[i].value == after[i].value);
	return 0;
}
