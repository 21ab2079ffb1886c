// SPDX-License-Identifier: Apache-2.0
// Notes as data, and messages that keep which options they name.
#include "chainrule/base/note.h"

#include <gtest/gtest.h>

#include <set>

namespace chainrule::note_test {
namespace {

std::string in_angles(const NamedOption& option) { return "<" + option.key + "|" + option.value + ">"; }

TEST(Message, ReadsKeysAndIsSpelledOtherwise) {
  const Message hint = message_of("take ", NamedOption{"numeric", "numeric"}, " out, or ", NamedOption{"force"});
  EXPECT_EQ(hint.text(), "take numeric=numeric out, or force");
  EXPECT_EQ(hint.spelled(in_angles), "take <numeric|numeric> out, or <force|>");
  EXPECT_EQ(hint.leading_option(), "");
}

TEST(Message, LeavesWordsThatMerelyLookLikeOptionsAlone) {
  const Message text = message_of("group", " column: ", NamedOption{"group", "group"}, " group");
  EXPECT_EQ(text.spelled(in_angles), "group column: <group|group> group");
}

TEST(Message, KeepsWhereOptionsStandWhenPutTogether) {
  const Message inner = message_of(NamedOption{"a"}, " and ", NamedOption{"b", "1"});
  EXPECT_EQ(inner.leading_option(), "a");
  const Message whole = message_of(std::string("see "), inner, ".", inner);
  EXPECT_EQ(whole.text(), "see a and b=1.a and b=1");
  EXPECT_EQ(whole.spelled(in_angles), "see <a|> and <b|1>.<a|> and <b|1>");
  EXPECT_EQ(Message("plain").spelled(in_angles), "plain");
  EXPECT_TRUE(Message().empty());
}

TEST(Note, IsALineWithItsSeverityInFront) {
  const Note warning = warning_note(NoteTopic::columns, "is constant", "age", "ignore");
  EXPECT_EQ(note_line(warning), "warning: is constant");
  EXPECT_EQ(warning.column, "age");
  EXPECT_EQ(warning.option, "ignore");
  const Note info = info_note(NoteTopic::task, "task: classes");
  EXPECT_EQ(note_lines({warning, info}), (std::vector<std::string>{"warning: is constant", "task: classes"}));
  EXPECT_EQ(severity_name(warning.severity), "warning");
  EXPECT_EQ(severity_name(info.severity), "info");
  EXPECT_FALSE(warning == info);
}

TEST(Note, HasATopicOfItsOwnName) {
  std::set<std::string_view> names;
  for (int topic = 0; topic <= static_cast<int>(NoteTopic::drift); ++topic)
    names.insert(topic_name(static_cast<NoteTopic>(topic)));
  EXPECT_EQ(names.size(), 13u);
  EXPECT_EQ(topic_name(NoteTopic::drift), "drift");
  EXPECT_EQ(topic_name(NoteTopic::validation_rows), "validation_rows");
}

}  // namespace
}  // namespace chainrule::note_test
