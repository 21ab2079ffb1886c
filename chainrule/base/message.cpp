// SPDX-License-Identifier: Apache-2.0
#include "chainrule/base/message.h"

namespace chainrule {

Message& Message::append(std::string_view text) {
  text_ += text;
  return *this;
}

Message& Message::append(const NamedOption& option) {
  const std::size_t at = text_.size();
  text_ += option.value.empty() ? option.key : option.key + "=" + option.value;
  mentions_.push_back({at, text_.size() - at, option});
  return *this;
}

Message& Message::append(const Message& other) {
  for (Mention mention : other.mentions_) {
    mention.at += text_.size();
    mentions_.push_back(std::move(mention));
  }
  text_ += other.text_;
  return *this;
}

std::string Message::spelled(const std::function<std::string(const NamedOption&)>& spell) const {
  std::string out;
  std::size_t copied = 0;
  for (const Mention& mention : mentions_) {
    out.append(text_, copied, mention.at - copied);
    out += spell(mention.option);
    copied = mention.at + mention.length;
  }
  return out.append(text_, copied);
}

std::string_view Message::leading_option() const {
  const bool leads = !mentions_.empty() && mentions_[0].at == 0;
  return leads ? std::string_view(mentions_[0].option.key) : std::string_view();
}

}  // namespace chainrule
