// SPDX-License-Identifier: GPL-2.0-only
#include "system/offline/eject.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include <fcntl.h>

#include <fmt/format.h>

#include "system/base/fd.h"

namespace memhp
{
namespace
{

constexpr auto switch_path = "sys/firmware/acpi/hotplug/memory/enabled";
/// The write returns at once.
constexpr Time write_deadline = std::chrono::seconds(10);
constexpr Time interval = std::chrono::milliseconds(20);

/// One eject on its way, held by what the engine has to tell it.
class Ejection : public std::enable_shared_from_this<Ejection>
{
public:
	Ejection(Engine &engine, const Sysfs &sysfs, std::string device, Time deadline,
		 Time patience, std::function<void(Result<void>)> done)
		: engine_(engine), sysfs_(sysfs), device_(std::move(device)), deadline_(deadline),
		  patience_(patience), done_(std::move(done))
	{
	}

	void begin(const std::vector<Block> &blocks)
	{
		for (const auto &block : blocks)
			left_.emplace_back(block.number, block.inode);
		order_eject(engine_, sysfs_, device_, {device_},
			    [self = shared_from_this()](const Writer::Outcome &outcome) {
				    self->written(outcome);
			    });
	}

private:
	bool gone()
	{
		// A block that was plugged in anew meanwhile is another one.
		left_.erase(std::remove_if(left_.begin(), left_.end(),
					   [this](const auto &one) {
						   const auto inode = sysfs_.inode(one.first);
						   return !inode || *inode != one.second;
					   }),
			    left_.end());
		return left_.empty();
	}

	void written(const Writer::Outcome &outcome)
	{
		// A killed write may have been a written one.
		if (outcome.error == 0 || outcome.killed) {
			until_ = Loop::now() + patience_;
			look();
		} else if (gone()) {
			end({});
		} else if (outcome.error == EBUSY) {
			end(fail_input("a block of it is online again"));
		} else {
			end(fail_errno(outcome.error, "the kernel refused it"));
		}
	}

	void look()
	{
		if (gone())
			end({});
		else if (Loop::now() < until_)
			engine_.later(interval, [self = shared_from_this()] { self->look(); });
		else
			wait_for_the_kernel();
	}

	void wait_for_the_kernel()
	{
		engine_.barrier([self = shared_from_this()](bool passed) {
			if (self->gone())
				self->end({});
			else if (passed)
				self->end(fail_input(
					"the kernel has not done it; its log (dmesg) says why"));
			else if (Loop::now() >= self->deadline_)
				self->end(
					fail_input("the kernel is still at it, and does not end"));
			else
				self->wait_for_the_kernel();
		});
	}

	void end(Result<void> result)
	{
		const auto done = std::exchange(done_, nullptr);
		done(std::move(result));
	}

	Engine &engine_;
	const Sysfs &sysfs_;
	std::string device_;
	Time deadline_;
	Time patience_;
	std::function<void(Result<void>)> done_;
	std::vector<std::pair<uint64_t, uint64_t>> left_; ///< numbers and inodes
	Time until_{};
};

bool all_offline(const Sysfs &sysfs, const std::set<std::string> &owners)
{
	const auto blocks = blocks_of(sysfs, owners);
	return blocks && std::all_of(blocks->begin(), blocks->end(), [](const Block &block) {
		       return block.state == BlockState::offline;
	       });
}

} // namespace

std::string eject_path(const std::string &device)
{
	return "sys/bus/acpi/devices/" + device + "/eject";
}

Result<std::vector<Block>> blocks_of(const Sysfs &sysfs, const std::set<std::string> &devices)
{
	auto blocks = sysfs.scan();
	if (blocks)
		blocks->erase(std::remove_if(blocks->begin(), blocks->end(),
					     [&](const Block &block) {
						     return devices.count(block.device) == 0;
					     }),
			      blocks->end());
	return blocks;
}

EjectFacts eject_facts(const Sysfs &sysfs, const std::string &device, std::vector<Block> blocks)
{
	EjectFacts facts;
	facts.blocks = std::move(blocks);
	facts.file = open_at(sysfs.root_fd(), eject_path(device), O_PATH).has_value();
	const auto enabled = read_file(sysfs.root_fd(), switch_path);
	facts.enabled = !enabled || *enabled != "0";
	return facts;
}

void order_eject(Engine &engine, const Sysfs &sysfs, const std::string &device,
		 const std::set<std::string> &owners, Writer::Done done)
{
	engine.write(eject_path(device), "1", write_deadline, std::move(done),
		     [&sysfs, owners] { return all_offline(sysfs, owners); });
}

void eject(Engine &engine, const Sysfs &sysfs, const std::string &device, Time deadline,
	   std::function<void(Result<void>)> done, Time patience)
{
	const auto blocks = blocks_of(sysfs, {device});
	if (!blocks) {
		engine.later(Time(0), [done = std::move(done), error = blocks.error()] {
			done(fail(error));
		});
		return;
	}
	std::make_shared<Ejection>(engine, sysfs, device, deadline, patience, std::move(done))
		->begin(*blocks);
}

} // namespace memhp
