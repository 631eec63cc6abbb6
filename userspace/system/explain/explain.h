// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/explain/explain.h"
#include "core/kernel/event.h"
#include "system/explain/owners.h"
#include "system/kernel/kmod.h"
#include "system/memory/sysfs.h"

namespace memhp
{

/// What is found out about blocks, and what follows from it.
struct Explanation {
	struct One {
		BlockFacts facts;
		Judgement verdict;
	};
	uint64_t block_size = 0;
	uint64_t page_size = 0;
	std::vector<One> blocks;       ///< ascending
	Owners owners;		       ///< of all pages of these blocks
	std::vector<std::string> gaps; ///< what could not be looked at, and why
};

/// Looks at blocks in bounded steps, so that it can be done between other things. What does not
/// need root is found without it; the rest is in Explanation::gaps.
class Explainer
{
public:
	struct Terms {
		bool live = true;	 ///< the running machine, not a recorded tree
		std::optional<Time> now; ///< since that machine's boot, as far as it is known
		Time patience{};	 ///< what the search for owners may cost
	};
	/// `target`: words, see core/memory/target.h; no size. `sysfs` and `kmod` must stay. The
	/// failure is the target's.
	static Result<Explainer> begin(const Sysfs &sysfs, const Kmod &kmod,
				       const std::vector<std::string> &target, const Terms &terms);

	size_t count() const { return result_.blocks.size(); }

	/// The next piece of work; false when there is no more.
	bool step();

	/// What was found; once.
	Explanation take();

private:
	Explainer(const Sysfs &sysfs, const Kmod &kmod) : sysfs_(&sysfs), kmod_(&kmod) {}
	void look(Explanation::One &one);
	void look_again(Explanation::One &one);
	void begin_search(Time patience);

	const Sysfs *sysfs_;
	const Kmod *kmod_;
	Explanation result_;
	bool live_ = false;
	Time patience_{};
	size_t at_ = 0;	     ///< the next block
	bool again_ = false; ///< in the second look
	Fd flags_;
	Fd counts_;
	std::optional<std::vector<Resource>> resources_;
	bool has_module_ = false;
	std::map<int, std::optional<Room>> rooms_; ///< by node; -1: of no single node
	std::optional<OwnerSearch> search_;
};

} // namespace memhp
