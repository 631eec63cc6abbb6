// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <system_error>
#include <utility>

#include <tl/expected.hpp>

namespace memhp
{

/// A failure with its reason. `message` is one line for a person: what failed, on which thing, and
/// where it helps what to do about it. `code` is for the program.
struct Error {
	std::error_code code;
	std::string message;
};

template <typename T> using Result = tl::expected<T, Error>;

/// An errno value as a failure; `message` gets the errno's text appended.
inline tl::unexpected<Error> fail_errno(int error, std::string message)
{
	std::error_code code(error, std::generic_category());
	message += ": " + code.message();
	return tl::unexpected<Error>(Error{code, std::move(message)});
}

/// Input that cannot be used; `message` says why and what would be accepted.
inline tl::unexpected<Error> fail_input(std::string message)
{
	return tl::unexpected<Error>(
		Error{std::make_error_code(std::errc::invalid_argument), std::move(message)});
}

inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

} // namespace memhp
