// SPDX-License-Identifier: GPL-2.0-only
#include "system/explain/explain.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>

#include "core/kernel/release.h"
#include "core/memory/target.h"
#include "core/offline/select.h"
#include "system/memory/page_size.h"
#include "system/memory/room.h"

namespace memhp
{
namespace
{

constexpr size_t chunk = 4096; ///< pages of a read

/// Empties the lists of each CPU in which pages wait with a reference too many, as an offline does
/// before it begins: move_pages() calls lru_cache_disable(), or what was there before it, and then
/// moves nothing.
void drain_lists()
{
	void *none = nullptr;
	int node = 0;
	int status = 0;
	syscall(SYS_move_pages, 0, 0UL, &none, &node, &status, 0);
}

/// Reads one entry a page of a block, as far as there are any; false where they cannot be read.
bool read_entries(const Fd &file, uint64_t first, std::vector<uint64_t> &entries)
{
	size_t done = 0;
	while (done < entries.size()) {
		const auto got = pread(file.get(), entries.data() + done,
				       std::min(chunk, entries.size() - done) * sizeof(uint64_t),
				       static_cast<off_t>((first + done) * sizeof(uint64_t)));
		if (got < 0)
			return false;
		if (got == 0)
			break;
		done += static_cast<size_t>(got) / sizeof(uint64_t);
	}
	entries.resize(done);
	return done > 0;
}

} // namespace

Result<Explainer> Explainer::begin(const Sysfs &sysfs, const Kmod &kmod,
				   const std::vector<std::string> &target, const Terms &terms)
{
	const auto parsed = parse_target(target);
	if (!parsed)
		return fail(parsed.error());
	if (parsed->bytes)
		return fail_input("explain takes no size; name blocks, addresses, node:N, zone:Z, "
				  "device:D");
	const auto all = sysfs.scan();
	if (!all)
		return fail(all.error());
	const auto blocks = match(*parsed, *all, sysfs.block_size());
	if (!blocks)
		return fail(blocks.error());

	Explainer explainer(sysfs, kmod);
	auto &result = explainer.result_;
	const auto root = sysfs.root_fd();
	explainer.live_ = terms.live;
	explainer.patience_ = terms.patience;
	result.block_size = sysfs.block_size();
	const auto page_size = known_page_size(root);
	result.page_size = page_size.value_or(page_size_of(root));

	if (!page_size)
		result.gaps.push_back(fmt::format("how large its pages are: taken to be {}, as on "
						  "this machine; {} would say it in bytes",
						  format_size(result.page_size),
						  collected_page_size));

	const auto module = kmod.check();
	explainer.has_module_ = module.has_value();
	if (!module)
		result.gaps.push_back("which pages are held, and what failed before: " +
				      module.error().message);
	std::map<uint64_t, LastFailure> failures;
	for (const auto &record : kmod.blocks().value_or(std::vector<Record>()))
		if (const auto failure = last_failure(record, terms.now))
			failures[record.number("block").value_or(0)] = *failure;

	if (auto flags = open_at(root, "proc/kpageflags", O_RDONLY))
		explainer.flags_ = std::move(*flags);
	else
		result.gaps.push_back("what pages are used for: " + flags.error().message);
	if (auto counts = open_at(root, "proc/kpagecount", O_RDONLY))
		explainer.counts_ = std::move(*counts);
	const auto iomem = read_file(root, "proc/iomem");
	auto resources = parse_resources(iomem.value_or(""));
	if (!resources.empty())
		explainer.resources_ = std::move(resources);
	else
		result.gaps.push_back("holes, and what is reserved: " +
				      (iomem ? "/proc/iomem shows no addresses to others than root"
					     : iomem.error().message));

	// Blocks count their broken pages since 6.2 (5033091de814).
	const bool forgets =
		older_than(read_file(root, "proc/sys/kernel/osrelease").value_or(""), 6, 2);
	const bool cma = has_cma(root);
	const bool memmap = own_memmap(root);
	for (const auto &block : *blocks) {
		Explanation::One one;
		one.facts.block = block;
		one.facts.block_size = result.block_size;
		one.facts.page_size = result.page_size;
		one.facts.has_cma = cma;
		one.facts.own_memmap = memmap;
		one.facts.forgets_broken = forgets;
		if (const auto failure = failures.find(block.number); failure != failures.end())
			one.facts.failure = failure->second;
		result.blocks.push_back(std::move(one));
	}
	if (terms.live && explainer.has_module_)
		drain_lists();
	return explainer;
}

void Explainer::look(Explanation::One &one)
{
	auto &facts = one.facts;
	const auto pages = result_.block_size / result_.page_size;
	const auto first = facts.block.number * pages;
	if (resources_)
		facts.ram = ram_map(*resources_, facts.block.number * result_.block_size,
				    result_.block_size, result_.page_size);
	std::vector<uint64_t> flags(pages);
	std::vector<uint64_t> counts(pages);
	if (flags_ && read_entries(flags_, first, flags)) {
		const bool counted = counts_ && read_entries(counts_, first, counts) &&
				     counts.size() == flags.size();
		auto &census = facts.census.emplace();
		census.add(flags.data(), counted ? counts.data() : nullptr, flags.size());
		census.finish();
	}
	if (has_module_ && facts.block.state != BlockState::offline)
		if (const auto record = kmod_->pages(facts.block.number)) {
			facts.module = module_count(*record);
			facts.held = parse_held(*record);
		}
	const auto node = facts.block.node.value_or(-1);
	if (rooms_.count(node) == 0)
		rooms_[node] = read_room(sysfs_->root_fd(), facts.block.node);
	facts.room = rooms_[node];
	if (facts.room)
		facts.room = less_own(facts);
}

/// A page is held only if it still is: many are for a moment.
void Explainer::look_again(Explanation::One &one)
{
	auto &facts = one.facts;
	if (facts.held.empty())
		return;
	const auto record = kmod_->pages(facts.block.number);
	if (!record) {
		facts.held.clear();
		return;
	}
	auto held = parse_held(*record);
	held.erase(std::remove_if(held.begin(), held.end(),
				  [&](const HeldPage &page) {
					  return std::none_of(facts.held.begin(), facts.held.end(),
							      [&](const HeldPage &before) {
								      return before.pfn == page.pfn;
							      });
				  }),
		   held.end());
	complete(sysfs_->root_fd(), held);
	facts.held = std::move(held);
	facts.module = module_count(*record);
}

void Explainer::begin_search(Time patience)
{
	const auto pages = result_.block_size / result_.page_size;
	std::vector<Span> spans;
	std::vector<HeldPage> held;
	for (const auto &[facts, verdict] : result_.blocks) {
		const auto first = facts.block.number * pages;
		if (!spans.empty() && spans.back().end == first)
			spans.back().end += pages;
		else
			spans.push_back({first, first + pages});
		held.insert(held.end(), facts.held.begin(), facts.held.end());
	}
	result_.owners.cgroups = find_cgroups(sysfs_->root_fd(), spans, held);
	search_.emplace(sysfs_->root_fd(), std::move(spans), held, patience);
}

bool Explainer::step()
{
	auto &blocks = result_.blocks;
	if (at_ < blocks.size()) {
		again_ ? look_again(blocks[at_]) : look(blocks[at_]);
		if (++at_ == blocks.size() && !again_) {
			at_ = 0;
			again_ = true;
			if (live_ && has_module_)
				drain_lists();
		}
		return true;
	}
	if (!search_) {
		begin_search(patience_);
		return true;
	}
	return search_->step();
}

Explanation Explainer::take()
{
	if (search_) {
		auto found = search_->take();
		found.cgroups = std::move(result_.owners.cgroups);
		result_.owners = std::move(found);
	}
	if (!result_.owners.complete && flags_)
		result_.gaps.emplace_back("not all processes were looked at for owners of pages");
	for (auto &one : result_.blocks) {
		if (!one.facts.held.empty())
			one.facts.owners = result_.owners;
		one.verdict = explain(one.facts);
	}
	return std::move(result_);
}

} // namespace memhp
