// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace memhp
{

inline std::string_view text_of(const uint8_t *data, size_t size)
{
	return {reinterpret_cast<const char *>(data), size};
}

/// What must hold for every input; libFuzzer keeps the one for which it does not.
inline void require(bool holds, const char *file = __builtin_FILE(), int line = __builtin_LINE())
{
	if (holds)
		return;
	std::fprintf(stderr, "%s:%d: this does not hold\n", file, line);
	std::abort();
}

} // namespace memhp

/// Of libFuzzer: called with one input after another.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
