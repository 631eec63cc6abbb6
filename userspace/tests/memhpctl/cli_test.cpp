// SPDX-License-Identifier: GPL-2.0-only
#include "cli_fixture.h"

namespace memhp
{
namespace
{

TEST_F(CommandLine, ListMergesEqualNeighbours)
{
	const auto output = ctl({"list"});
	EXPECT_EQ(output.status, 0);
	EXPECT_EQ(output.err, "");
	EXPECT_EQ(output.out, "RANGE                                  SIZE  STATE    BLOCK  ZONE   "
			      "         NODE  "
			      "SOURCE      DEVICE\n"
			      "0x0000000000000000-0x0000000007ffffff  128M  online       0  none   "
			      "            0  "
			      "boot        -\n"
			      "0x0000000008000000-0x000000001fffffff  384M  online     1-3  Normal "
			      "            0  "
			      "boot        -\n"
			      "0x0000000100000000-0x000000010fffffff  256M  online   32-33  "
			      "Movable            0  "
			      "acpi-dimm   PNP0C80:01\n"
			      "0x0000000110000000-0x000000011fffffff  256M  offline  34-35  "
			      "Movable/Normal     0  "
			      "acpi-dimm   PNP0C80:01\n"
			      "0x0000000140000000-0x000000014fffffff  256M  online   40-41  "
			      "Movable            1  "
			      "virtio-mem  virtio0");
}

TEST_F(CommandLine, ListTakesTargetsColumnsAndSplit)
{
	EXPECT_EQ(ctl({"list", "32-33", "-o", "block,state", "--split"}).out,
		  "BLOCK  STATE\n   32  online\n   33  online");
	EXPECT_EQ(ctl({"list", "-o", "STATE,SIZE"}).out,
		  "STATE    SIZE\nonline   512M\nonline   256M\noffline  256M\nonline   256M")
		<< "neighbours that differ only in columns not shown are one line";
}

TEST_F(CommandLine, ListShowsWhenAndByWhomWhereTheModuleKnows)
{
	load_module();
	const auto output = ctl({"list", "32-33", "-o", "block,by"});
	EXPECT_EQ(output.out, "BLOCK  BY\n   32  bash\n   33  acpi_hotplug_work_fn");
	EXPECT_NE(ctl({"list"}).out.find("SINCE"), std::string::npos);
	const auto blocks = json::parse(ctl({"list", "--json"}).out).at("blocks");
	EXPECT_EQ(blocks[0].at("changed_boot_ns"), nullptr);
	EXPECT_EQ(blocks[4].at("changed_boot_ns"), 17);
	EXPECT_EQ(blocks[4].at("changed_by"), "bash");
}

TEST_F(CommandLine, JsonParsesForEveryVerbThatReads)
{
	load_module();
	const auto list = json::parse(ctl({"--json", "list"}).out);
	EXPECT_EQ(list.at("block_size"), 1 << 27);
	EXPECT_EQ(list.at("blocks").size(), 10u);
	EXPECT_EQ(list.at("blocks")[6].at("candidate_zones"), json({"Movable", "Normal"}));

	const auto status = json::parse(ctl({"status", "--json"}).out);
	EXPECT_EQ(status.at("total").at("movable"), 4ull << 27);
	EXPECT_EQ(status.at("total").at("offline"), 2ull << 27);
	EXPECT_EQ(status.at("total").at("other"), 1ull << 27);
	EXPECT_EQ(status.at("nodes").size(), 2u);
	EXPECT_EQ(status.at("module"), "loaded");
	EXPECT_EQ(status.at("daemon"), nullptr);

	const auto events = json::parse(ctl({"events", "--json"}).out).at("events");
	ASSERT_EQ(events.size(), 3u);
	EXPECT_EQ(events[1].at("err"), 16);

	const auto plan = json::parse(ctl({"offline", "32-33", "--dry-run", "--json"}).out);
	EXPECT_EQ(plan.at("order"), json({33, 32}));
}

TEST_F(CommandLine, StatusShowsANodeWithoutMemory)
{
	tree.write("sys/devices/system/node/online", "0-2\n");
	const auto nodes = json::parse(ctl({"status", "--json"}).out).at("nodes");
	ASSERT_EQ(nodes.size(), 3u);
	EXPECT_EQ(nodes[2],
		  json({{"node", 2}, {"kernel", 0}, {"movable", 0}, {"other", 0}, {"offline", 0}}));
	EXPECT_NE(ctl({"status"}).out.find("\n   2       0        0      0        0 "),
		  std::string::npos)
		<< ctl({"status"}).out;
}

TEST_F(CommandLine, StatusTellsHowTheSettledProgramsEnded)
{
	EXPECT_EQ(ctl({"status"}).out.find("settled programs"), std::string::npos);
	EXPECT_EQ(json::parse(ctl({"status", "--json"}).out).at("hooks"), nullptr);

	constexpr auto good = R"({"name":"10-a","how":"exited","number":0,"took_ms":5})";
	constexpr auto hung = R"({"name":"20-b","how":"timed-out","number":0,"took_ms":60000})";
	const struct {
		std::string report;
		const char *text;
	} cases[] = {
		{std::string(R"({"began_ms":1,"count":1,"problem":"","ended":[)") + good + "]}",
		 ", 1 of them, all good"},
		{std::string(R"({"began_ms":1,"count":2,"problem":"","ended":[)") + good + "]}",
		 ", 1 of 2 have ended, good so far"},
		{std::string(R"({"began_ms":1,"count":2,"problem":"","ended":[)") + good + "," +
			 hung + "]}",
		 ", 2 of them; 20-b: ended after 1m: it had not finished"},
		{R"({"began_ms":1,"count":0,"problem":"no such directory","ended":[]})",
		 ": none, no such directory"},
		{"lunch", "run/memhp/settled.json: "},
	};
	for (const auto &[report, text] : cases) {
		tree.write("run/memhp/settled.json", report);
		const auto out = ctl({"status"}).out;
		const auto at = out.find("settled programs: ");
		ASSERT_NE(at, std::string::npos) << report;
		EXPECT_NE(out.find(text, at), std::string::npos) << out;
	}
	tree.write("run/memhp/settled.json", cases[2].report);
	const auto hooks = json::parse(ctl({"status", "--json"}).out).at("hooks");
	EXPECT_EQ(hooks.at("good"), false);
	EXPECT_EQ(hooks.at("finished"), true);
	EXPECT_EQ(hooks.at("ended")[1].at("name"), "20-b");
}

TEST_F(CommandLine, MetricsWithoutMemhpdAreThoseOfTheKernel)
{
	load_module();
	const auto output = ctl({"metrics"});
	EXPECT_EQ(output.status, 64);
	EXPECT_EQ(output.err.find("memhpctl: memhpd is not running"), 0u) << output.err;
	for (const auto *line :
	     {"\nmemhp_up 0\n", "\nmemhp_blocks{source=\"boot\",state=\"online\"} ",
	      "\nmemhp_module_untracked_total 0"})
		EXPECT_NE(output.out.find(line), std::string::npos) << output.out;
	EXPECT_EQ(output.out.find("memhp_scans_total"), std::string::npos);

	const auto as_json = ctl({"metrics", "--json"});
	EXPECT_EQ(as_json.status, 64);
	EXPECT_EQ(json::parse(as_json.out).at("text"), output.out + "\n");
}

TEST_F(CommandLine, DryRunNamesTheOrder)
{
	EXPECT_EQ(ctl({"offline", "128M", "--dry-run"}).out,
		  "would offline 1 block (128M), in this order: 33 32 3 2 1");
	EXPECT_EQ(ctl({"online", "34-35", "--dry-run"}).out,
		  "would online 2 blocks (256M), in this order: 35 34");
	EXPECT_EQ(ctl({"online", "32", "--dry-run"}).out, "would online 0 blocks (0)");
}

TEST_F(CommandLine, EjectShowsWhatItWouldDo)
{
	tree.add_eject("PNP0C80:01");
	const std::string would = "would offline 2 blocks (256M), in this order: 33 32, and eject "
				  "the device";
	EXPECT_EQ(ctl({"eject", "PNP0C80:01", "--dry-run"}).out, would);
	EXPECT_EQ(ctl({"eject", "device:PNP0C80:01", "--dry-run"}).out, would);
	EXPECT_EQ(ctl({"offline", "device:PNP0C80:01", "--eject", "--dry-run"}).out, would);
	const auto plan = json::parse(ctl({"eject", "PNP0C80:01", "--dry-run", "--json"}).out);
	EXPECT_EQ(plan.at("eject"), true);
	EXPECT_EQ(plan.at("already"), json({34, 35}));
	EXPECT_NE(ctl({"eject", "--help"}).out.find("memhpctl eject PNP0C80:01"),
		  std::string::npos);
}

TEST_F(CommandLine, PlanTellsWhatWouldBe)
{
	const auto added = ctl({"plan", "add", "1G", "--node", "1", "--source", "virtio-mem"});
	EXPECT_EQ(added.status, 0) << added.err;
	EXPECT_EQ(added.out.find("BLOCKS  SIZE  ACTION   ZONE     BY             WHY\n"
				 " 42-49    1G  movable  Movable  online.action  -\n"),
		  0u)
		<< added.out;
	for (const auto *line : {"\n   1       0  256M -> 1.2G      0        0  no kernel memory\n",
				 "\nmemmap: 16M of kernel memory, on other nodes\n",
				 "\ncan be given back: 768M -> 1.8G"})
		EXPECT_NE(added.out.find(line), std::string::npos) << line << "\n" << added.out;

	tree.write("etc/memhp/memhpd.toml", "[online]\naction = \"kernel\"\n");
	const auto plan = json::parse(ctl({"plan", "add", "1G", "--json"}).out);
	EXPECT_EQ(plan.at("parts")[0].at("action"), "kernel") << "memhpd's file counts";
	EXPECT_EQ(plan.at("after").at("total").at("kernel"), (3ull << 27) + (1 << 30));
	EXPECT_EQ(plan.at("memmap").at("size"), 16 << 20);

	const auto offline = ctl({"plan", "offline", "device:PNP0C80:01"});
	EXPECT_EQ(offline.status, 0) << offline.err;
	EXPECT_NE(offline.out.find("\ncan be ejected then: PNP0C80:01"), std::string::npos);
	const auto gone = json::parse(ctl({"plan", "offline", "32", "--json"}).out);
	EXPECT_EQ(gone.at("change"), "offline");
	EXPECT_EQ(gone.at("parts")[0].at("blocks"), "32");
	EXPECT_EQ(gone.at("after").at("total").at("offline"), 3ull << 27);
	EXPECT_EQ(tree.state(32), "online");
}

TEST_F(CommandLine, PolicyCheckNamesEveryMistake)
{
	tree.write("good.toml", "[online]\naction = \"leave\"\n");
	const auto path = tree.path("good.toml");
	EXPECT_EQ(ctl({"policy", "check", path}).out, path + ": good");

	tree.write("bad.toml", "[online]\naction = \"lunch\"\nlunch = 1\n");
	const auto bad = tree.path("bad.toml");
	const auto output = ctl({"policy", "check", bad});
	EXPECT_EQ(output.status, 1);
	EXPECT_EQ(output.out, "");
	EXPECT_EQ(output.err.find(bad + ":2:10: "), 0u) << output.err;
	EXPECT_NE(output.err.find("\n" + bad + ":3:1: "), std::string::npos) << output.err;

	const auto checked = ctl({"policy", "check", bad, "--json"});
	EXPECT_EQ(checked.status, 1);
	const auto document = json::parse(checked.out);
	EXPECT_EQ(document.at("good"), false);
	EXPECT_EQ(document.at("mistakes").size(), 2u);

	const auto missing = ctl({"policy", "check", tree.path("none.toml")});
	EXPECT_EQ(missing.status, 1);
	EXPECT_EQ(missing.err, tree.path("none.toml") + ": No such file or directory");
	// Its standard input is /dev/null, a good file.
	EXPECT_EQ(ctl({"policy", "check", "-"}).out, "-: good");
}

TEST_F(CommandLine, PolicyShowWithoutADaemonReadsTheFile)
{
	const auto none = ctl({"policy", "show"});
	EXPECT_EQ(none.status, 0) << none.err;
	EXPECT_EQ(none.out.find("policy: defaults, for there is no " +
				tree.path("etc/memhp/memhpd.toml") + " (memhpd is not running"),
		  0u)
		<< none.out;

	tree.write("etc/memhp/memhpd.toml", "[offline]\n"
					    "deadline = \"3m\"\n"
					    "[[online.rule]]\n"
					    "source = \"virtio-mem\"\n"
					    "action = \"leave\"\n");
	const auto shown = ctl({"policy", "show"}).out;
	for (const auto *line : {
		     "\nonline.action             \"movable\"               default\n",
		     "\nonline.borrow             false                   default\n",
		     "\noffline.deadline          \"3m\"                    line 2\n",
		     "\n   1  source=virtio-mem  leave   line 3\n",
		     "\n 32-33  256M  online   Movable  acpi-dimm   PNP0C80:01  movable  "
		     "online.action ",
		     "\n 40-41  256M  online   Movable  virtio-mem  virtio0     leave    rule 1 "
		     "(source=",
	     })
		EXPECT_NE(shown.find(line), std::string::npos) << line << "\n" << shown;

	const auto policy = json::parse(ctl({"policy", "show", "--json"}).out);
	EXPECT_EQ(policy.at("origin"), "file");
	EXPECT_EQ(policy.at("daemon"), false);
	EXPECT_EQ(policy.at("devices").size(), 3u);

	tree.write("etc/memhp/memhpd.toml", "lunch = 1\n");
	const auto bad = ctl({"policy", "show"});
	EXPECT_EQ(bad.status, 1);
	EXPECT_NE(bad.err.find("memhpd.toml:1:1: "), std::string::npos) << bad.err;
}

} // namespace
} // namespace memhp
