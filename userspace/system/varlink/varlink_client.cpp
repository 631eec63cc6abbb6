// SPDX-License-Identifier: GPL-2.0-only
#include "system/varlink/varlink.h"

#include <array>
#include <cerrno>

#include <nlohmann/json.hpp>
#include <sys/socket.h>

#include <fmt/format.h>

namespace memhp::varlink
{

using nlohmann::json;

namespace
{

/// An error reply for a person.
std::string describe_error(const std::string &name, const json &parameters)
{
	const auto text = [&](const char *key) {
		const auto found = parameters.is_object() ? parameters.find(key) : parameters.end();
		return found != parameters.end() && found->is_string() ? found->get<std::string>()
								       : std::string();
	};
	if (auto message = text("message"); !message.empty())
		return message;
	if (name == "org.varlink.service.PermissionDenied")
		return "memhpd does this for root only";
	if (const auto parameter = text("parameter"); !parameter.empty())
		return fmt::format("memhpd has no use for the parameter {}", parameter);
	return fmt::format("memhpd answers {}", name);
}

} // namespace

Result<Client> Client::connect(const std::string &path)
{
	auto socket = connect_at(path, 0);
	if (!socket)
		return fail(socket.error());
	return Client(std::move(*socket));
}

Result<json> Client::receive()
{
	for (;;) {
		const auto end = input_.find('\0');
		if (end != std::string::npos) {
			auto message = parse_message({input_.data(), end});
			input_.erase(0, end + 1);
			if (!message.is_object())
				return fail_input("memhpd's answer is no Varlink message; is "
						  "something else serving its socket?");
			return message;
		}
		std::array<char, 16384> buffer;
		const auto got = recv(socket_.get(), buffer.data(), buffer.size(), 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail_errno(errno, "memhpd's socket");
		if (got == 0)
			return fail_errno(ECONNRESET,
					  "memhpd closed the connection before its answer "
					  "(see: journalctl -u memhpd)");
		input_.append(buffer.data(), static_cast<size_t>(got));
		if (input_.size() > 64 * max_message)
			return fail_errno(EMSGSIZE, "memhpd's answer");
	}
}

Result<json> Client::call(std::string_view method, const json &parameters,
			  const std::function<void(const json &)> &progress)
{
	json message = {{"method", method}, {"parameters", parameters}};
	if (progress)
		message["more"] = true;
	auto text = message.dump();
	text += '\0';
	for (std::string_view rest = text; !rest.empty();) {
		const auto sent = send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		// It may have said why before it closed the connection.
		if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
			break;
		if (sent < 0)
			return fail_errno(errno, "memhpd's socket");
		rest.remove_prefix(static_cast<size_t>(sent));
	}
	for (;;) {
		auto answer = receive();
		if (!answer)
			return answer;
		auto values = answer->value("parameters", json::object());
		if (const auto error = answer->find("error"); error != answer->end()) {
			return fail_input(describe_error(
				error->is_string() ? error->get<std::string>() : "?", values));
		}
		if (!answer->value("continues", false))
			return values;
		if (progress)
			progress(values);
	}
}

} // namespace memhp::varlink
