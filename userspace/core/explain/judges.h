// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "core/explain/explain.h"

namespace memhp
{

/// What one judge finds; nothing where he has no objection.
using Judged = std::optional<Judgement>;

inline Judgement verdict(Answer answer, Cause cause, std::string why, std::string advice = {})
{
	return {answer, cause, std::move(why), std::move(advice)};
}

inline Judgement cannot(Cause cause, std::string why, std::string advice)
{
	return verdict(Answer::cannot_go, cause, std::move(why), std::move(advice));
}

/// Whether its huge pages find a place, and the free ones of them can leave their pool.
Judged judge_huge(const BlockFacts &facts);

/// Whether there is room for all that has to move.
Judged judge_room(const BlockFacts &facts);

} // namespace memhp
