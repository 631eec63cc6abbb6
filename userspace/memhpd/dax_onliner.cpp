// SPDX-License-Identifier: GPL-2.0-only
#include "memhpd/dax_onliner.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/offline/retry.h"
#include "core/online/dax.h"
#include "system/base/log.h"

namespace memhp
{
namespace
{

/// A write adds or removes all memory of the device, and onlines it; no signal ends it.
constexpr Time write_deadline = std::chrono::minutes(10);

std::string state_file(const std::string &device)
{
	return "sys/bus/dax/devices/" + device + "/state";
}

} // namespace

bool DaxOnliner::has_state(const std::string &device) const
{
	return !device.empty() && read_file(sysfs_.root_fd(), state_file(device)).has_value();
}

void DaxOnliner::take(const std::string &device, std::vector<uint64_t> blocks, OnlineType type,
		      Done done)
{
	auto &taken = taken_[device];
	taken.blocks = std::move(blocks);
	taken.type = type;
	taken.done = std::move(done);
	changed_(); // between its two writes the device has no memory: that must be on record
	step(device);
}

void DaxOnliner::resume(const std::map<std::string, OnlineType> &saved)
{
	for (const auto &[device, type] : saved) {
		const auto state = read_file(sysfs_.root_fd(), state_file(device));
		if (state && *state == "unplugged")
			take(device, {}, type, [name = device](const std::string &failure) {
				if (!failure.empty())
					log::error("{}: {}", name, failure);
			});
	}
}

std::map<std::string, OnlineType> DaxOnliner::pending() const
{
	std::map<std::string, OnlineType> result;
	for (const auto &[device, taken] : taken_)
		result.emplace(device, taken.type);
	return result;
}

void DaxOnliner::step(const std::string &device)
{
	auto &taken = taken_.at(device);
	taken.retry.reset();
	const auto state = read_file(sysfs_.root_fd(), state_file(device));
	if (!state) {
		finish(device, state.error().message);
		return;
	}
	taken.emptied |= *state == "unplugged";
	const auto value = next_dax_write(*state, taken.type, taken.emptied);
	if (!value) {
		finish(device, "");
		return;
	}
	const auto online =
		std::find_if(taken.blocks.begin(), taken.blocks.end(), [this](uint64_t block) {
			return sysfs_.state(block).value_or(BlockState::offline) !=
			       BlockState::offline;
		});
	if (!taken.emptied && online != taken.blocks.end()) {
		finish(device, "another program has begun to online it");
		return;
	}
	engine_.write(state_file(device), *value, write_deadline,
		      [this, device, value = *value](const Writer::Outcome &outcome) {
			      written(device, value, outcome);
		      });
}

void DaxOnliner::written(const std::string &device, const std::string &value,
			 const Writer::Outcome &written)
{
	auto &taken = taken_.at(device);
	const auto state = read_file(sysfs_.root_fd(), state_file(device));
	Outcome outcome;
	outcome.error = written.error;
	outcome.killed = written.killed;
	outcome.reached = state && *state == value;
	log::debug("{}: {} {}: errno {}", device, value, outcome.reached ? "done" : "failed",
		   outcome.error);

	switch (classify(Change::online, outcome, 0)) {
	case Next::done:
		taken.failures = 0;
		step(device);
		return;
	case Next::gone:
	case Next::hopeless:
		finish(device, fmt::format("writing {} to its state failed: {}", value,
					   strerror(outcome.error)));
		return;
	case Next::later:
	case Next::soon:
		break;
	}
	++taken.failures;
	const auto delay = Backoff().delay(taken.failures, 0);
	log::warning("{}: writing {} to its state failed: {}; trying again in {}", device, value,
		     outcome.killed ? "no end within its deadline" : strerror(outcome.error),
		     format_duration(delay));
	taken.retry = loop_.timer(Loop::now() + delay, [this, device] { step(device); });
}

void DaxOnliner::finish(const std::string &device, const std::string &failure)
{
	const auto done = std::move(taken_.at(device).done);
	taken_.erase(device);
	changed_();
	done(failure);
}

} // namespace memhp
