// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace memhp
{

/// The file of a collected tree that says how large the pages of its machine are, in bytes.
inline constexpr auto collected_page_size = "memhp-collect/page_size";

/// Content of that file, on the running machine.
std::string page_size_record();

/// Bytes of a base page of the machine below `root_fd`, a power of two from 4 KiB to 256 KiB. Of a
/// tree that memhpctl collected what it says; of one without that what follows from its memory,
/// which /proc has in pages and in bytes; nothing where it does not tell.
std::optional<uint64_t> known_page_size(int root_fd);

/// The same; of a tree that does not tell, that of the running machine.
uint64_t page_size_of(int root_fd);

} // namespace memhp
