// SPDX-License-Identifier: GPL-2.0-only
#include <set>

#include "daemon_fixture.h"
#include "memhpd/status_report.h"
#include "varlink_fixture.h"

namespace memhp
{
namespace
{

/// The socket as its clients see it, message by message.
class InterfaceOfDaemon : public DaemonOfTree
{
protected:
	void SetUp() override
	{
		if (geteuid() != 0)
			GTEST_SKIP() << "only root may change memory";
	}

	/// The next answer.
	static json next(RawClient &client)
	{
		for (int turn = 0; turn < 2000 && !client.has(1); ++turn)
			usleep(10'000);
		if (client.answers.empty())
			return {};
		auto answer = client.answers.front();
		client.answers.pop_front();
		return answer;
	}

	RawClient connect(uid_t uid = 0) { return RawClient(tree.path(socket), uid); }

	static json message(const std::string &method, const json &parameters = json::object(),
			    bool more = false)
	{
		return {{"method", "io.memhp." + method},
			{"parameters", parameters},
			{"more", more}};
	}

	json ask(RawClient &client, const json &call)
	{
		client.call(call);
		return next(client);
	}

	/// An error reply that the interface has.
	static void expect_error(const json &answer, const std::string &name)
	{
		ASSERT_EQ(answer.value("error", ""), "io.memhp." + name) << answer;
		EXPECT_EQ(varlink::mismatch(interface(), interface().errors.at(name),
					    answer.at("parameters")),
			  "");
		EXPECT_NE(answer.at("parameters").at("message"), "");
	}

	static constexpr auto socket = "run/memhp/io.memhp";
};

TEST_F(InterfaceOfDaemon, ServesEveryMethodThatItDescribes)
{
	start();
	auto client = connect();
	const auto described =
		ask(client, {{"method", "org.varlink.service.GetInterfaceDescription"},
			     {"parameters", {{"interface", "io.memhp"}}}});
	EXPECT_EQ(described["parameters"]["description"], control_interface);
	for (const auto &[name, method] : interface().methods) {
		const auto error = ask(client, message(name)).value("error", "");
		EXPECT_NE(error, "org.varlink.service.MethodNotFound") << name;
		EXPECT_NE(error, "org.varlink.service.MethodNotImplemented") << name;
	}
	EXPECT_EQ(ask(client, message("Explainn"))["error"], "org.varlink.service.MethodNotFound");
	stop();
}

TEST_F(InterfaceOfDaemon, AnswersAsItDescribes)
{
	start("[online]\naction = \"movable\"\n[[online.rule]]\nnode = 1\naction = \"leave\"\n");
	for (const auto *method : {"Status", "Blocks", "Policy", "Metrics", "Reload"})
		EXPECT_TRUE(call(method)) << method;
	EXPECT_TRUE(call("Online", {{"target", {"32"}}, {"type", "online_movable"}}));
	EXPECT_TRUE(call("Offline", {{"target", {"32"}}, {"min_free", "0"}, {"force", false}}));
	// Nothing is used that is not there.
	std::set<std::string> used;
	const std::string text = control_interface;
	for (const auto &[name, type] : interface().types) {
		const auto first = text.find(name);
		EXPECT_TRUE(text.find(": " + name) != std::string::npos ||
			    text.find(": ?" + name) != std::string::npos ||
			    text.find(": []" + name) != std::string::npos)
			<< name << " is used nowhere, " << first;
	}
	stop();
}

TEST_F(InterfaceOfDaemon, ErrorsAreAsItDescribesThem)
{
	start();
	auto client = connect();
	expect_error(ask(client, message("Cancel", {{"id", 7}})), "NoSuchRequest");
	expect_error(ask(client, message("Offline", {{"target", {"lunch"}}})), "InvalidTarget");
	expect_error(ask(client, message("Offline", {{"target", {"8"}}, {"deadline_ms", 0}})),
		     "InvalidTarget");
	tree.write("memhpd.toml", "lunch = 1\n");
	expect_error(ask(client, message("Reload")), "InvalidConfig");
	client.send(std::string("{}", 3));
	expect_error(next(client), "InvalidMessage");
	EXPECT_TRUE(client.closed());
	stop();
}

TEST_F(InterfaceOfDaemon, ProgressIsAsItDescribes)
{
	kernel.script(8, {"16"});
	start();
	auto client = connect();
	client.call(message("Offline", {{"target", {"8"}}}, true));
	int steps = 0;
	bool failed = false;
	json answer;
	while ((answer = next(client)).value("continues", false)) {
		expect_declared("Offline", answer.at("parameters"));
		failed = failed || answer["parameters"]["progress"]["errno"] == EBUSY;
		++steps;
	}
	expect_declared("Offline", answer.at("parameters"));
	EXPECT_GE(steps, 2);
	EXPECT_TRUE(failed);
	EXPECT_EQ(answer["parameters"]["report"]["done"], json({8}));
	stop();
}

TEST_F(InterfaceOfDaemon, OthersReadAndChangeNothing)
{
	start();
	ASSERT_EQ(chmod(tree.root().c_str(), 0755), 0);
	ASSERT_EQ(chmod(tree.path(socket).c_str(), 0666), 0);
	auto client = connect(65534);
	for (const auto *method : {"Status", "Blocks", "Policy", "Metrics"})
		EXPECT_FALSE(ask(client, message(method)).contains("error")) << method;
	EXPECT_FALSE(ask(client, message("Events", {}, true)).contains("error"));
	auto other = connect(65534);
	const json refused[] = {
		message("Online", {{"target", {"32"}}}),
		message("Offline", {{"target", {"8"}}}),
		message("Cancel", {{"id", 1}}),
		message("Reload"),
	};
	for (const auto &call : refused)
		EXPECT_EQ(ask(other, call)["error"], "org.varlink.service.PermissionDenied")
			<< call;
	EXPECT_EQ(tree.state(8), "online");
	stop();
}

/// Which pages hold it is for root: who knows where a page is knows more than he should.
TEST_F(InterfaceOfDaemon, OnlyRootLearnsWhichPagesHoldABlock)
{
	KernelWatch::Stuck stuck;
	stuck.attempt.block = 33;
	stuck.attempt.since = Time(1000);
	stuck.attempt.pid = 7;
	stuck.attempt.comm = "kworker/u4:0";
	stuck.attempt.work = "acpi_hotplug_work_fn";
	stuck.held = "0x108000:anon:2:1";
	const auto &type = interface().types.at("Stuck");
	const auto for_root = stuck_report(stuck, Time(3500), true);
	EXPECT_EQ(varlink::mismatch(interface(), type, for_root), "");
	EXPECT_EQ(for_root["held"], stuck.held);
	EXPECT_EQ(for_root["since_ms_ago"], 2500);
	const auto for_others = stuck_report(stuck, Time(3500), false);
	EXPECT_EQ(varlink::mismatch(interface(), type, for_others), "");
	EXPECT_EQ(for_others["held"], nullptr);
	EXPECT_EQ(for_others.dump().find("108000"), std::string::npos);
}

TEST_F(InterfaceOfDaemon, AMisspeltParameterIsNotPassedOver)
{
	start();
	auto client = connect();
	const auto answer = ask(client, message("Offline", {{"target", {"8"}}, {"detatch", true}}));
	EXPECT_EQ(answer["error"], "org.varlink.service.InvalidParameter");
	EXPECT_EQ(answer["parameters"]["parameter"], "detatch");
	EXPECT_EQ(tree.state(8), "online");
	stop();
}

TEST_F(InterfaceOfDaemon, EventsAreToldAsTheyHappen)
{
	kernel.script(8, {"16"});
	start();
	ASSERT_TRUE(onlined(2));
	auto client = connect();
	EXPECT_EQ(ask(client, message("Events"))["error"], "org.varlink.service.ExpectedMore");
	client.call(message("Events", {}, true));
	const auto event = [&] {
		const auto answer = next(client);
		EXPECT_TRUE(answer.value("continues", false)) << answer;
		expect_declared("Events", answer.at("parameters"));
		return answer.at("parameters").at("event");
	};
	const auto first = event();
	EXPECT_EQ(first["event"], "source");
	EXPECT_EQ(first["source"], "uevents");
	EXPECT_TRUE(call("Offline", {{"target", {"8"}}}));
	const auto failed = event();
	EXPECT_EQ(failed["event"], "offline_failed");
	EXPECT_EQ(failed["err"], EBUSY);
	const auto offline = event();
	EXPECT_EQ(offline["event"], "offline");
	EXPECT_EQ(offline["block"], 8);
	EXPECT_EQ(offline["zone"], "Movable");
	stop();
	EXPECT_TRUE(client.closed());
}

TEST_F(InterfaceOfDaemon, AnOfflineEndsWithTheClientThatWaitsForIt)
{
	kernel.script(8, {"hang"});
	start();
	auto client = connect();
	client.call(message("Offline", {{"target", {"8"}}, {"attempt_deadline_ms", 60'000}}, true));
	for (int turn = 0; turn < 100'000; ++turn)
		if (call("Status")->at("status").at("running_block") == 8)
			break;
	client.hang_up();
	EXPECT_TRUE(reaches("requests", json::array()));
	EXPECT_EQ(tree.state(8), "online");
	stop();
}

TEST_F(InterfaceOfDaemon, AnOfflineGoesOnWithoutTheClientThatDetachedIt)
{
	start();
	auto client = connect();
	auto call = message("Offline", {{"target", {"8"}}, {"detach", true}});
	call["oneway"] = true;
	client.call(call);
	client.hang_up();
	EXPECT_TRUE(reaches("deliberately_offline", 1));
	EXPECT_EQ(tree.state(8), "offline");
	stop();
}

} // namespace
} // namespace memhp
