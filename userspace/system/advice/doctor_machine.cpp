// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>
#include <array>
#include <cerrno>
#include <map>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "system/advice/doctor_facts.h"
#include "system/base/fd.h"
#include "system/kernel/kmod.h"
#include "system/kernel/settings.h"
#include "system/memory/surroundings.h"

namespace memhp
{
namespace
{

constexpr auto our_rules = "80-memhp.rules";

bool exists(int root_fd, const std::string &path)
{
	return open_at(root_fd, path, O_PATH).has_value();
}

/// Content of a file; empty where there is none. Another failure is told in `facts`.
std::string content(int root_fd, const std::string &path, Facts &facts)
{
	auto text = read_file(root_fd, path);
	if (text)
		return std::move(*text);
	const auto &error = text.error();
	if (error.code != std::errc::no_such_file_or_directory &&
	    error.code != std::errc::not_a_directory)
		facts.unreadable.push_back(error.message);
	return {};
}

/// What gzip makes of an open file; empty where it fails.
std::string unpack(const Fd &file)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return {};
	const Fd output(ends[0]);
	Fd input(ends[1]);
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, file.get(), STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, input.get(), STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	std::string program = "gzip";
	std::string option = "-dc";
	char *const arguments[] = {program.data(), option.data(), nullptr};
	pid_t pid = -1;
	const int error = posix_spawnp(&pid, "gzip", &actions, nullptr, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	input.reset();
	if (error != 0)
		return {};
	std::string text;
	std::array<char, 65536> buffer;
	while (true) {
		const auto length = read(output.get(), buffer.data(), buffer.size());
		if (length < 0 && errno == EINTR)
			continue;
		if (length <= 0)
			break;
		text.append(buffer.data(), static_cast<size_t>(length));
	}
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status == 0 ? text : std::string();
}

std::optional<KernelConfig> read_config(int root_fd, const std::string &release, Facts &facts)
{
	for (const auto &path : {fmt::format("boot/config-{}", release),
				 fmt::format("lib/modules/{}/config", release)})
		if (const auto text = content(root_fd, path, facts); !text.empty())
			return parse_kernel_config(text);
	const auto packed = open_at(root_fd, "proc/config.gz", O_RDONLY);
	if (!packed)
		return std::nullopt;
	const auto text = unpack(*packed);
	if (text.empty()) {
		facts.unreadable.emplace_back("proc/config.gz: gzip cannot unpack it");
		return std::nullopt;
	}
	return parse_kernel_config(text);
}

/// The word in brackets: "none [integrity] confidentiality".
std::string chosen(const std::string &text)
{
	const auto begin = text.find('[');
	const auto end = text.find(']');
	return begin == std::string::npos || end < begin ? ""
							 : text.substr(begin + 1, end - begin - 1);
}

std::vector<std::string> idle_virtio_mem(int root_fd, Facts &facts)
{
	constexpr auto virtio_mem_id = "0x0018"; // VIRTIO_ID_MEM
	const std::string devices = "sys/bus/virtio/devices";
	std::vector<std::string> idle;
	for (const auto &name : names_in(root_fd, devices).value_or(std::vector<std::string>())) {
		const auto path = fmt::format("{}/{}", devices, name);
		if (content(root_fd, path + "/device", facts) == virtio_mem_id &&
		    !exists(root_fd, path + "/driver"))
			idle.push_back(name);
	}
	return idle;
}

bool has_line(const std::string &text, std::string_view line)
{
	return ("\n" + text + "\n").find(fmt::format("\n{}\n", line)) != std::string::npos;
}

bool loaded_at_boot(int root_fd, Facts &facts)
{
	if (has_line(content(root_fd, "etc/modules", facts), "memhp"))
		return true;
	for (const auto *directory : {"etc", "run", "usr/local/lib", "usr/lib"}) {
		const auto path = fmt::format("{}/modules-load.d", directory);
		for (const auto &name :
		     names_in(root_fd, path).value_or(std::vector<std::string>()))
			if (has_line(content(root_fd, path + "/" + name, facts), "memhp"))
				return true;
	}
	return false;
}

bool ends_with(std::string_view text, std::string_view end)
{
	return text.size() > end.size() && text.substr(text.size() - end.size()) == end;
}

/// Rules by their file's name: of two of one name the first directory has the one in force, and an
/// empty file (or /dev/null) is none.
std::map<std::string, std::string> rules_in_force(int root_fd)
{
	std::map<std::string, std::string> paths;
	for (const auto *directory : {"etc", "run", "usr/local/lib", "usr/lib", "lib"}) {
		const auto path = fmt::format("{}/udev/rules.d", directory);
		for (const auto &name :
		     names_in(root_fd, path).value_or(std::vector<std::string>()))
			if (ends_with(name, ".rules"))
				paths.emplace(name, path + "/" + name);
	}
	return paths;
}

} // namespace

KernelFacts read_kernel_facts(int root_fd, Facts &facts)
{
	KernelFacts kernel;
	kernel.release = content(root_fd, "proc/sys/kernel/osrelease", facts);
	kernel.config = read_config(root_fd, kernel.release, facts);
	kernel.parameters = parse_command_line(content(root_fd, "proc/cmdline", facts));
	kernel.acpi = exists(root_fd, "sys/firmware/acpi");
	kernel.dax = read_surroundings(root_fd).dax;
	// With psi=0 the file is there, and cannot be opened or read.
	kernel.pressure = read_file(root_fd, "proc/pressure/memory").has_value();
	kernel.kdump = content(root_fd, "sys/kernel/kexec_crash_loaded", facts) == "1";
	kernel.crash_hotplug =
		content(root_fd, "sys/devices/system/memory/crash_hotplug", facts) == "1";
	kernel.virtio_mem_idle = idle_virtio_mem(root_fd, facts);
	for (const auto &[setting, name] : kernel_setting_words)
		if (auto value = read_setting(root_fd, setting))
			kernel.settings.emplace(setting, std::move(*value));
	kernel.lockdown = chosen(content(root_fd, "sys/kernel/security/lockdown", facts));
	// Four bytes of attributes, then the value.
	const auto secure = content(
		root_fd, "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
		facts);
	kernel.secure_boot = secure.size() == 5 && secure.back() == '\1';
	return kernel;
}

ModuleFacts read_module_facts(int root_fd, const std::string &release, Facts &facts)
{
	ModuleFacts module;
	module.at_boot = loaded_at_boot(root_fd, facts);
	const Kmod kmod(root_fd);
	const auto status = kmod.status();
	if (status) {
		module.state = ModuleFacts::State::loaded;
		module.probes = status->number("probes").value_or(0);
		module.untracked = status->number("untracked").value_or(0);
		return module;
	}
	const auto &error = status.error();
	const bool loaded = exists(root_fd, "sys/module/memhp");
	const auto known =
		content(root_fd, fmt::format("lib/modules/{}/modules.dep", release), facts);
	const bool hidden = error.code == std::errc::permission_denied;
	if (hidden && (loaded || exists(root_fd, "sys/kernel/debug")))
		facts.unreadable.push_back("the module's files: " + error.message);
	if (error.code == std::errc::invalid_argument) {
		module.state = ModuleFacts::State::other_abi;
		module.problem = error.message;
	} else if (loaded && !hidden) {
		module.state = ModuleFacts::State::no_debugfs;
	} else if (loaded) {
		module.state = ModuleFacts::State::unreadable;
		module.problem = error.message;
	} else if (known.find("/memhp.ko") != std::string::npos) {
		module.state = ModuleFacts::State::installed;
	}
	return module;
}

OthersFacts read_others_facts(int root_fd, Facts &facts)
{
	OthersFacts others;
	for (const auto &[name, path] : rules_in_force(root_fd)) {
		const auto text = content(root_fd, path, facts);
		if (name == our_rules) {
			others.our_rule = !text.empty();
			continue;
		}
		auto rules = read_memory_rules(text);
		if (!rules.onlines.empty() || !rules.runs.empty())
			others.rules.push_back({"/" + path, std::move(rules)});
	}
	for (const auto &name : names_in(root_fd, "proc").value_or(std::vector<std::string>())) {
		if (!std::all_of(name.begin(), name.end(),
				 [](unsigned char digit) { return digit >= '0' && digit <= '9'; }))
			continue;
		// It may have ended.
		if (auto process = read_file(root_fd, fmt::format("proc/{}/comm", name)))
			others.processes.push_back(std::move(*process));
	}
	const std::string daxctl = "etc/daxctl.conf.d";
	for (const auto &name : names_in(root_fd, daxctl).value_or(std::vector<std::string>()))
		if (ends_with(name, ".conf"))
			others.daxctl_reconfigures |=
				("\n" + content(root_fd, daxctl + "/" + name, facts))
					.find("\n[reconfigure-device") != std::string::npos;
	return others;
}

} // namespace memhp
