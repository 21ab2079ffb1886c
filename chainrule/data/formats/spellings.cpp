// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/formats/spellings.h"

#include <functional>

namespace chainrule::formats {

std::uint32_t Spellings::code(std::string_view text) {
  if (texts_.size() * 2 >= slots_.size()) grow();
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = std::hash<std::string_view>{}(text)&mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask)
    if (texts_[slots_[slot] - 1] == text) return slots_[slot] - 1;
  if (texts_.size() == kMaxSpellings) return kMaxSpellings;
  texts_.emplace_back(text);
  slots_[slot] = static_cast<std::uint32_t>(texts_.size());
  return slots_[slot] - 1;
}

void Spellings::grow() {
  slots_.assign(slots_.empty() ? 64 : slots_.size() * 2, 0);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    std::size_t slot = std::hash<std::string_view>{}(texts_[i]) & mask;
    while (slots_[slot] != 0) slot = (slot + 1) & mask;
    slots_[slot] = static_cast<std::uint32_t>(i + 1);
  }
}

}  // namespace chainrule::formats
