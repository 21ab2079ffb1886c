// SPDX-License-Identifier: Apache-2.0
#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace chainrule::error_test {

TEST(InQuotes, KeepsPlainTextAndUtf8) { EXPECT_EQ(in_quotes("größe 网络"), "\"größe 网络\""); }

TEST(InQuotes, EscapesWhatCouldDriveATerminal) {
  EXPECT_EQ(in_quotes("a\x1b[31m\n"), "\"a\\x1b[31m\\x0a\"");
  EXPECT_EQ(in_quotes(std::string_view("\0", 1)), "\"\\x00\"");
  EXPECT_EQ(in_quotes("\xC2\x9B"), "\"\\xc2\\x9b\"");           // C1 control sequence introducer
  EXPECT_EQ(in_quotes("\xE2\x80\xAE"), "\"\\xe2\\x80\\xae\"");  // right-to-left override
}

TEST(InQuotes, EscapesMarksThatReorderOrHideText) {
  for (const std::string_view mark :
       {"\u061C", "\u200B", "\u200F", "\u202A", "\u2066", "\u2069", "\uFEFF", "\uFFFA", "\U000E0041"}) {
    EXPECT_EQ(in_quotes(mark).find(mark), std::string::npos) << in_quotes(mark);
    EXPECT_NE(in_quotes(mark).find("\\x"), std::string::npos);
  }
  EXPECT_EQ(in_quotes("\u061B\u0627\uFF21\U0001F600"), "\"\u061B\u0627\uFF21\U0001F600\"");
}

TEST(EscapeMarks, KeepsTheValuesOfJson) {
  EXPECT_EQ(escape_marks("{\"a\u202Eb\":\"\u061C\uFEFF\x7F\u0085\U000E0041\"}"),
            R"({"a\u202eb":"\u061c\ufeff\u007f\u0085\udb40\udc41"})");
  const std::string plain = "{\"größe\": \"网络 \U0001F600\", \"x\": [1, null]}";
  EXPECT_EQ(escape_marks(plain), plain);
}

TEST(InQuotes, EscapesBrokenUtf8) {
  EXPECT_EQ(in_quotes("\xC0\xAF"), "\"\\xc0\\xaf\"");
  EXPECT_EQ(in_quotes("\xE2\x82"), "\"\\xe2\\x82\"");
}

TEST(InQuotes, CutsAtTheLimit) { EXPECT_EQ(in_quotes(std::string(50, 'x')), "\"" + std::string(40, 'x') + "...\""); }

TEST(Location, ShowsOnlyKnownParts) {
  EXPECT_EQ(location("a.csv"), "a.csv");
  EXPECT_EQ(location("a.csv", 3), "a.csv:3");
  EXPECT_EQ(location("a.csv", 3, 2), "a.csv:3:2");
  EXPECT_EQ(location(""), "\"\"");
}

TEST(NearestName, SuggestsOnlyWhatIsNear) {
  const std::array<std::string, 3> known{"sigmoid", "tanh", "relu"};
  EXPECT_EQ(nearest_name("sigmoyd", known), "sigmoid");
  EXPECT_EQ(nearest_name("reul", known), "relu") << "two letters swapped are one edit";
  EXPECT_EQ(nearest_name("tahn", known), "tanh");
  EXPECT_EQ(nearest_name("TANH", known), "tanh");
  EXPECT_EQ(nearest_name("ahtn", known), "");
  EXPECT_EQ(nearest_name("rell", known), "relu");
  EXPECT_EQ(nearest_name("zzzzzz", known), "");
}

TEST(IndexOfName, ListsAndSuggests) {
  const std::array<std::string, 2> known{"leaky_relu", "tanh"};
  EXPECT_EQ(index_of_name("leaky-relu", known, "activation"), 0u);
  try {
    index_of_name("tanhh", known, "activation");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "activation: expected one of leaky_relu, tanh, found \"tanhh\"");
    EXPECT_EQ(error.hint(), "did you mean tanh?");
    EXPECT_EQ(error.category(), ErrorCategory::usage);
    EXPECT_EQ(error.option(), "activation");
  }
}

TEST(Error, KnowsTheOptionThatItIsAbout) {
  const Error about = option_error("batch_size", "expected 1 or more, found 0",
                                   message_of(NamedOption{"epochs", "9"}, " or ", NamedOption{"shuffle", "false"}));
  EXPECT_STREQ(about.what(), "batch_size: expected 1 or more, found 0");
  EXPECT_EQ(about.option(), "batch_size");
  EXPECT_EQ(about.category(), ErrorCategory::usage);
  EXPECT_EQ(about.hint(), "epochs=9 or shuffle=false");
  EXPECT_EQ(Error(ErrorCategory::usage, message_of(NamedOption{"dropout"}, " of layer 2: expected 0")).option(),
            "dropout");
  EXPECT_EQ(Error(ErrorCategory::input, message_of("a.csv: see ", NamedOption{"target"})).option(), "")
      << "it is named, but what is wrong is in the file";
  EXPECT_EQ(Error(ErrorCategory::usage, "run.toml:3: expected 1", {}, "epochs").option(), "epochs");
  EXPECT_EQ(Error(ErrorCategory::usage, "epochs: expected 1").option(), "") << "nobody reads the text";
}

TEST(CheckedProduct, RefusesOverflow) {
  EXPECT_EQ(checked_product(6, 7, "x"), 42u);
  EXPECT_EQ(checked_product(0, static_cast<std::size_t>(-1), "x"), 0u);
  EXPECT_THROW(checked_product(static_cast<std::size_t>(-1), 2, "pixels"), Error);
}

}  // namespace chainrule::error_test
