// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/explain/trial.h"

namespace memhp
{

/// Makes one function of the kernel say more in its log, as long as this lives. What printed before
/// goes on printing after it.
class DynamicDebug
{
public:
	/// Fails where the kernel has no dynamic debug, knows no such function, or refuses (root).
	static Result<DynamicDebug> enable(int root_fd, const std::string &function);
	DynamicDebug(DynamicDebug &&other) noexcept;
	DynamicDebug &operator=(DynamicDebug &&) = delete;
	~DynamicDebug();

private:
	DynamicDebug(int root_fd, std::string path) : root_fd_(root_fd), path_(std::move(path)) {}
	Result<void> set(const DebugSite &site, bool on) const;

	int root_fd_;
	std::string path_;
	std::vector<DebugSite> changed_;
};

} // namespace memhp
