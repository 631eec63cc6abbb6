// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <algorithm>
#include <csignal>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include "core/varlink/interface.h"
#include "memhpd/control.h"
#include "program.h"
#include "system/varlink/varlink.h"
#include "system/varlink/varlink_check.h"
#include "tree.h"

namespace memhp
{

/// memhpd as a whole on a fake machine: block 0 Normal, 8 Movable, 32 and 33 offline.
class DaemonOfTree : public testing::Test
{
protected:
	static constexpr auto auto_online = "sys/devices/system/memory/auto_online_blocks";
	static constexpr auto state_file = "run/memhp/state.json";
	static constexpr auto marker = "run/memhpd/active";
	using json = nlohmann::json;

	DaemonOfTree()
	{
		tree.make_directory("run");
		tree.add(0, "online", "Normal");
		tree.add(8, "online", "Movable");
		tree.add(32, "offline", "Movable Normal");
		tree.add(33, "offline", "Movable Normal");
	}

	/// Starts it and waits until it says that it is ready.
	void start(const std::string &config = "")
	{
		tree.write("memhpd.toml", config);
		const auto path = tree.path("notify");
		unlink(path.c_str());
		const Fd notify(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
		sockaddr_un address{};
		address.sun_family = AF_UNIX;
		std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
		ASSERT_EQ(
			bind(notify.get(), reinterpret_cast<sockaddr *>(&address), sizeof(address)),
			0);
		program.emplace(MEMHPD_FAKE,
				std::vector<std::string>{"--sysroot", tree.root(), "--config",
							 tree.path("memhpd.toml")},
				std::vector<std::string>{"NOTIFY_SOCKET=" + path,
							 "MEMHP_FAKE_KERNEL=" + tree.root()});
		pollfd ready = {notify.get(), POLLIN, 0};
		ASSERT_EQ(poll(&ready, 1, 20'000), 1);
		char text[64] = {};
		ASSERT_GT(recv(notify.get(), text, sizeof(text) - 1, 0), 0);
		EXPECT_STREQ(text, "READY=1");
	}

	void stop()
	{
		program->signal(SIGTERM);
		EXPECT_EQ(program->wait(), 0);
	}

	/// Every answer has to be what the interface says.
	Result<json> call(const std::string &method, const json &parameters = json::object())
	{
		auto client = varlink::Client::connect(tree.path("run/memhp/io.memhp"));
		EXPECT_TRUE(client) << client.error().message;
		auto answer = client->call("io.memhp." + method, parameters);
		if (answer)
			expect_declared(method, *answer);
		return answer;
	}

	static const varlink::Description &interface()
	{
		static const auto read = varlink::parse_description(control_interface);
		if (!read)
			throw std::runtime_error(read.error().message);
		return *read;
	}

	static void expect_declared(const std::string &method, const json &answer)
	{
		const auto &gives = interface().methods.at(method).gives;
		EXPECT_EQ(varlink::mismatch(interface(), gives, answer), "") << method << answer;
	}

	/// Asks until the status has this value; each question is a turn of the daemon's loop.
	bool reaches(const std::string &key, const json &value)
	{
		for (int turn = 0; turn < 100'000; ++turn)
			if (call("Status")->at("status").at(key) == value)
				return true;
		return false;
	}

	/// A setting of the kernel, as the status has it.
	json setting(const std::string &name)
	{
		const auto settings = call("Status")->at("status").at("settings");
		for (const auto &one : settings)
			if (one.at("setting") == name)
				return one;
		return {};
	}

	/// Waits until the daemon leaves auto_online_blocks to the program that changed it.
	bool is_left()
	{
		for (int turn = 0; turn < 10'000; ++turn)
			if (setting("auto_online_blocks").at("left"))
				return true;
		return false;
	}

	/// Waits until a file has this content.
	bool becomes(const std::string &file, const std::string &content) const
	{
		for (int turn = 0; turn < 2000 && tree.read(file) != content; ++turn)
			usleep(10'000);
		return tree.read(file) == content;
	}

	/// Waits until this write has begun.
	bool written(const std::string &line) const
	{
		for (int turn = 0; turn < 2000; ++turn) {
			const auto lines = kernel.writes();
			if (std::find(lines.begin(), lines.end(), line) != lines.end())
				return true;
			usleep(10'000);
		}
		return false;
	}

	bool onlined(int blocks) { return reaches("onlined", blocks); }

	Output restore() const
	{
		return run(MEMHPD_FAKE, {"--restore", "--sysroot", tree.root()},
			   {"MEMHP_FAKE_KERNEL=" + tree.root()});
	}

	std::string standing(uint64_t block) const
	{
		const auto document = json::parse(tree.read(state_file));
		for (const auto &entry : document.at("blocks"))
			if (entry.at("block") == block)
				return entry.at("standing");
		return "unknown";
	}

	MachineTree tree;
	FakeKernel kernel{tree};
	std::optional<Program> program;
};

} // namespace memhp
