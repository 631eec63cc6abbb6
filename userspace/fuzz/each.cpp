// SPDX-License-Identifier: GPL-2.0-only
// Runs a fuzz target without a fuzzer: once for each file of a directory.
// usage: fuzz-TARGET DIRECTORY
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "input.h"

int main(int argc, char **argv)
{
	if (argc != 2) {
		std::fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return 2;
	}
	size_t count = 0;
	for (const auto &entry : std::filesystem::directory_iterator(argv[1])) {
		std::printf("%s\n", entry.path().c_str());
		std::fflush(stdout);
		std::ifstream file(entry.path(), std::ios::binary);
		const std::vector<char> input((std::istreambuf_iterator<char>(file)), {});
		LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(input.data()),
				       input.size());
		++count;
	}
	return count > 0 ? 0 : 1;
}
