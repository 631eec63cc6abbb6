// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "system/varlink/varlink.h"

namespace memhp::varlink
{

/// The server's side of one client. It holds one message of the client's and the answers that the
/// client has not taken; what else is on its way stays in the kernel.
class Connection : public std::enable_shared_from_this<Connection>
{
public:
	Connection(Server &server, Fd socket, uid_t uid);
	~Connection();

	void start();
	uid_t uid() const { return uid_; }
	bool taken() const { return output_.empty(); }

	/// A message with its NUL, or nothing (oneway). `last`: the call in progress is over.
	void send(std::string_view message, bool last);

private:
	void watch();
	void ready(uint32_t events);
	/// Takes the next message, when everybody else has had a turn.
	void go_on();
	void step();
	/// False where there is nothing to be read now.
	bool receive();
	/// A call, or what is no call and ends the connection.
	void take_message();
	/// False where the message is no call.
	bool call(nlohmann::json message);
	void flush();
	void account();
	/// Tells the client why, and closes.
	void refuse(const std::string &why);
	/// Not from inside a handler: what is called then may end it.
	void close_soon();
	void close();
	/// Nobody takes answers any more. What was asked before is still done, but for a call whose
	/// answer is being waited for.
	void hung_up();

	Server &server_;
	Fd socket_;
	uid_t uid_;
	uint32_t watched_ = 0;
	Loop::Source source_;
	Loop::Source next_;
	std::string input_;
	size_t searched_ = 0;  ///< of the input, without a NUL
	bool message_ = false; ///< the input begins with a whole message, which ends there
	std::string output_;
	size_t sent_ = 0; ///< of the output
	size_t accounted_ = 0;
	bool ended_ = false;  ///< the client sends no more
	bool nobody_ = false; ///< it takes no more answers either
	bool doomed_ = false;
	std::shared_ptr<Call> current_;
};

} // namespace memhp::varlink
