// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/units.h"
#include "core/memory/block.h"
#include "core/online/setting.h"

namespace memhp
{

/// The kernel's settings while memhpd runs: takes them over, watches that nobody changes them, and
/// hands back what it found. A setting that this kernel does not have is passed over.
class KernelSettings
{
public:
	/// `record` saves held(): it is called before a value is overwritten, and after.
	KernelSettings(int root_fd, std::function<void()> record)
		: root_fd_(root_fd), record_(std::move(record))
	{
	}

	/// Reads what is there, and changes nothing. Where a memhpd that was killed has left its
	/// own value behind, what counts as found is what that one found: `saved`.
	void find(const HeldSettings &saved);

	/// Writes what differs from `values`; gives back what is not among them any more.
	void want(const SettingValues &values);

	/// Looks for changes that other programs made since, and puts them right, as often as
	/// may_defend() allows; after that, and without `defend`, they stay until forgive().
	void look(Time now, bool defend);
	/// Begins anew with those programs: values that were left to them are wanted again.
	void forgive();

	/// From the first lend() to the last take_back() an online that names no zone goes where it
	/// would go without memhpd.
	void lend();
	void take_back();

	/// Hands back what was found, but not over the value of somebody else. False when a value
	/// of memhpd may have stayed.
	bool restore();

	/// What memhpd has to hand back.
	HeldSettings held() const;
	/// Empty where this kernel does not have it.
	std::string found(KernelSetting setting) const;
	/// How the kernel would online a new block without memhpd; nothing for "offline".
	std::optional<OnlineType> kernel_default() const;

	struct View {
		KernelSetting setting;
		std::string found;
		std::string wanted; ///< as found where memhpd has no wish
		std::string now;
		unsigned put_right = 0;		 ///< times within the last hour
		bool left = false;		 ///< another program has had its way
		std::string foreign, foreign_at; ///< its last value, and when that was noticed
	};
	std::vector<View> views(Time now) const;

private:
	struct Entry {
		std::string found;
		std::optional<std::string> wanted;
		std::vector<std::string> ours; ///< see HeldSetting
		std::vector<Time> put_right;
		bool left = false;
		std::string foreign, foreign_at;
	};

	bool put(KernelSetting setting, Entry &entry, const std::string &value);
	bool lent(KernelSetting setting) const
	{
		return lent_ > 0 && setting != KernelSetting::auto_online_blocks;
	}

	int root_fd_;
	std::function<void()> record_;
	std::map<KernelSetting, Entry> entries_;
	unsigned lent_ = 0;
};

} // namespace memhp
