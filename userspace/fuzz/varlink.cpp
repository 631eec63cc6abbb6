// SPDX-License-Identifier: GPL-2.0-only
// What a client may send to memhpd's socket: through the real server, which must answer or hang up.
// The first message is taken for an answer of memhpd too, as memhpctl gets it.
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "core/memory/target.h"
#include "core/varlink/interface.h"
#include "input.h"
#include "memhpd/control.h"
#include "system/base/log.h"
#include "system/base/loop.h"
#include "system/offline/report.h"
#include "system/varlink/varlink.h"

using namespace memhp;
using nlohmann::json;

namespace
{

/// What Control does with the parameters of a request to online or offline.
void answer(varlink::Call &call, Change change)
{
	auto request = request_from_json(call.parameters());
	if (!request) {
		call.error("io.memhp.InvalidTarget", {{"message", request.error().message}});
		return;
	}
	request->change = change;
	const auto again = request_from_json(to_json(*request));
	require(again && again->target == request->target && again->deadline == request->deadline &&
		again->attempt_deadline == request->attempt_deadline);
	if (change == Change::online)
		require(again->type == request->type);
	else
		require(again->force == request->force && again->trial == request->trial &&
			again->min_free.has_value() == request->min_free.has_value());
	const auto target = parse_target(request->target);
	call.progress({{"progress", to_json(Progress())}});
	call.reply({{"report", target ? to_json(Report()) : json(target.error().message)}});
}

/// The methods of memhpd: for what they do there must be a machine, but what they are given is
/// checked.
std::map<std::string, varlink::Method> methods()
{
	static const auto names = [] {
		const auto description = varlink::parse_description(control_interface).value();
		std::vector<std::string> found;
		for (const auto &[name, method] : description.methods)
			found.push_back(name);
		return found;
	}();
	std::map<std::string, varlink::Method> all;
	for (const auto &name : names)
		all[name] = {[](const auto &call) { call->reply(json::object()); }};
	all.at("Online") = {[](const auto &call) { answer(*call, Change::online); }};
	all.at("Offline") = {[](const auto &call) { answer(*call, Change::offline); }};
	return all;
}

/// A server and its loop, which ends with the connection.
class Machine
{
public:
	Machine()
	{
		log::set_level(log::Level::error);
		Fd listening(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
		// Without a name it gets an abstract one.
		address_.sun_family = AF_UNIX;
		if (bind(listening.get(), reinterpret_cast<sockaddr *>(&address_),
			 sizeof(sa_family_t)) < 0 ||
		    listen(listening.get(), 1) < 0 ||
		    getsockname(listening.get(), reinterpret_cast<sockaddr *>(&address_),
				&length_) < 0)
			throw std::runtime_error("no socket");
		server_ = std::make_unique<varlink::Server>(
			loop_, std::move(listening),
			varlink::Interface{control_interface, methods()});
	}

	/// Sends it all and waits until the server has closed the connection.
	void send(std::string_view text)
	{
		client_ = Fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
		if (connect(client_.get(), reinterpret_cast<sockaddr *>(&address_), length_) < 0)
			throw std::runtime_error("no connection");
		rest_ = text;
		look();
		loop_.run();
	}

private:
	void look()
	{
		if (!rest_.empty()) {
			const auto sent =
				::send(client_.get(), rest_.data(), rest_.size(), MSG_NOSIGNAL);
			if (sent > 0)
				rest_.remove_prefix(static_cast<size_t>(sent));
			else if (errno != EAGAIN)
				rest_ = {}; // it has hung up
			if (rest_.empty())
				shutdown(client_.get(), SHUT_WR);
		} else {
			shutdown(client_.get(), SHUT_WR);
		}
		char buffer[65536];
		ssize_t got = 0;
		while ((got = recv(client_.get(), buffer, sizeof(buffer), 0)) > 0)
			;
		if (got < 0 && errno == EAGAIN)
			again_ = loop_.defer([this] { look(); });
		else
			loop_.quit(0);
	}

	Loop loop_;
	sockaddr_un address_{};
	socklen_t length_ = sizeof(address_);
	std::unique_ptr<varlink::Server> server_;
	Fd client_;
	std::string_view rest_;
	Loop::Source again_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const auto text = text_of(data, size);
	const auto message = varlink::parse_message(text.substr(0, text.find('\0')));
	if (const auto progress = progress_from_json(message))
		require(progress_from_json(to_json(*progress)).has_value());
	if (const auto report = report_from_json(message))
		require(report_from_json(to_json(*report)).has_value());
	Machine().send(text);
	return 0;
}
