// SPDX-License-Identifier: Apache-2.0
// The page of explain --html in a browser, for three networks: numbers selected by click, Tab or in the table equal
// those of --json. The page loads nothing, logs no errors, fits every screen, and reports a wrong number.
#include <cmath>
#include <map>
#include <random>

#include "tests/support/browser.h"
#include "tests/support/cli_runner.h"

namespace chainrule::cli_page_test {
namespace {

// Pixels like MNIST's: 28 x 28, more than half of them zero.
void write_images(const Dir& dir) {
  const auto big_endian = [](std::initializer_list<unsigned> numbers) {
    std::string bytes;
    for (const unsigned n : numbers)
      for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(n >> shift & 255);
    return bytes;
  };
  std::minstd_rand chance(5);
  std::string images = big_endian({0x803, 20, 28, 28}), labels = big_endian({0x801, 20});
  for (int k = 0; k < 20 * 784; ++k) images += static_cast<char>(chance() % 5 < 3 ? 0 : chance() % 256);
  for (int k = 0; k < 20; ++k) labels += static_cast<char>(k % 10);
  dir.write("t-images-idx3-ubyte", images);
  dir.write("t-labels-idx1-ubyte", labels);
}

struct Case {
  std::string name;
  std::vector<std::string> words;
};

std::vector<Case> cases() {
  return {
      {"net_2_3_1",
       {"pairs.csv", "--hidden", "3", "--activation", "sigmoid", "--optimizer", "sgd", "--row", "1-3", "--steps", "2"}},
      {"net_64_32_10",
       {CHAINRULE_SOURCE_DIR "/data/digits.csv", "--hidden", "32", "--activation", "tanh", "--optimizer", "momentum",
        "--row", "17"}},
      {"net_784_30_10",
       {"t-images-idx3-ubyte", "--hidden", "30", "--activation", "relu", "--optimizer", "adam", "--weight-decay",
        "0.01"}},
  };
}

// A page and the document of the same step.
struct Page : Dir {
  explicit Page(const Case& of) {
    write("pairs.csv", "x1,x2,y\n0.5,-1.2,0.7\n-0.3,0.8,0.1\n1.1,0.4,-0.5\n0.2,0.9,1.5\n");
    write_images(*this);
    std::vector<std::string> words{"explain"};
    words.insert(words.end(), of.words.begin(), of.words.end());
    words.push_back("--json");
    document = json::parse(run(*this, words).out);
    words.pop_back();
    words.insert(words.end(), {"--html", "page.html"});
    const Result made = run(*this, words);
    EXPECT_EQ(made.code, 0) << made.err;
    EXPECT_EQ(made.out, "");
  }
  // The page calls three quantities as the text does.
  static std::string name_on_page(std::string name) {
    for (const auto& [json_name, page_name] :
         {std::pair{"share", "row_weight"}, {"fed", "a_masked"}, {"slope", "f_prime"}})
      if (name.starts_with(json_name)) name.replace(0, std::string_view(json_name).size(), page_name);
    return name;
  }
  // "1/z2/0/3"
  json number(const std::string& key, const std::string& kind) const {
    std::istringstream in(key);
    std::string part[4];
    for (std::string& each : part) std::getline(in, each, '/');
    for (const json& tensor : document["steps"][std::stoul(part[0]) - 1]["tensors"])
      if (name_on_page(tensor["name"]) == part[1])
        return tensor[kind][std::stoul(part[2]) * tensor["columns"].get<std::size_t>() + std::stoul(part[3])];
    return nullptr;
  }
  json document;
};

double read_back(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  return end == text.c_str() || *end != 0 ? NAN : value;
}

// "" if the displayed numbers equal those of the document: the engine's float, or double, and the reference's double
// exactly; the other two to the displayed digits.
std::string difference_of(const Page& page, const std::string& key, const json& shown) {
  const double engine = page.number(key, "engine"), reference = page.number(key, "truth"),
               bound = page.number(key, "bound");
  const double read = read_back(shown[0]);
  const bool same_engine = read == engine || static_cast<double>(static_cast<float>(read)) == engine;
  const auto about = [](double a, double b) { return std::abs(a - b) <= 0.006 * std::abs(b); };
  if (same_engine && read_back(shown[1]) == reference && about(read_back(shown[2]), engine - reference) &&
      about(read_back(shown[3]), bound))
    return {};
  return key + " shows " + shown.dump() + ", the document has " +
         json({engine, reference, engine - reference, bound}).dump();
}

// "" if four digits of each factor of the selected number equal those of the document.
std::string wrong_factor(const Page& page, Browser& browser) {
  const json factors = browser.value(R"([...document.querySelectorAll('.made-of .number')].map(it =>
    [it.dataset.key, it.querySelector('.value').textContent.replaceAll('\u2212', '-')]))");
  for (const json& factor : factors) {
    const double shown = read_back(factor[1]), expected = page.number(factor[0], "engine");
    if (!(std::abs(shown - expected) <= 5.1e-4 * std::abs(expected))) return factor.dump();
  }
  return {};
}

constexpr const char* kShown = R"(['engine', 'reference', 'difference', 'bound'].map(field =>
  document.querySelector(`#panel-content [data-field=${field}] td`)?.textContent ?? ''))";

// A few of each group of units and of links.
constexpr const char* kSomeSlots =
    R"([...document.querySelectorAll('#figure .links, #figure .units')].flatMap(group => {
  const all = [...group.querySelectorAll('[data-slot]')], each = Math.ceil(all.length / 3);
  return all.filter((_, k) => k % each === 0).map(it => it.dataset.slot); }))";
constexpr const char* kStages = "explained.steps.reduce((sum, step) => sum + stagesOf(step).length, 0)";

class PageTest : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (Browser::program().empty()) GTEST_SKIP() << "chromium is not there";
  }
};

INSTANTIATE_TEST_SUITE_P(Nets, PageTest, ::testing::ValuesIn(cases()), [](const auto& c) { return c.param.name; });

// A sample of the drawing's units and links at every stage, visited with the arrow key.
TEST_P(PageTest, AClickedNumberIsTheOneInTheDocument) {
  const Page page(GetParam());
  Browser browser;
  browser.size(1440, 1000);
  browser.open(page.path("page.html"));
  const int stages = browser.value(kStages);
  std::map<std::string, int> clicked;
  for (int stage = 0; stage < stages; ++stage, browser.key("ArrowRight")) {
    const json slots = browser.value(kSomeSlots);
    for (const std::string slot : slots) {
      const std::string selector = "[data-slot='" + slot + "']";
      const json key = browser.value("document.querySelector(\"" + selector + "\")?.dataset.key ?? null");
      if (key.is_null() || !browser.click(selector)) continue;  // covered by others, or removed with the selection
      EXPECT_EQ(browser.value("page.chosen.key"), key);
      EXPECT_EQ(difference_of(page, key, browser.value(kShown)), "");
      EXPECT_EQ(wrong_factor(page, browser), "") << key;
      const std::string panel = browser.text("#panel-content");
      for (const char* const wrong : {"NaN", "undefined", "differs from the result"})
        EXPECT_EQ(panel.find(wrong), std::string::npos) << key << ": " << wrong;
      clicked[slot.substr(0, 1)]++;
    }
  }
  EXPECT_EQ(browser.text("#stage-name"), "Update");
  EXPECT_GT(clicked["u"], 50);
  EXPECT_GT(clicked["w"], 20);
  EXPECT_EQ(browser.requests.size(), 1u);
  EXPECT_TRUE(browser.complaints.empty()) << browser.complaints[0];
}

// Every quantity: its formula, and all numbers if they are few, else the first, a middle and the last page.
TEST_P(PageTest, TheTableIsTheDocument) {
  const Page page(GetParam());
  Browser browser;
  browser.open(page.path("page.html"));
  std::size_t numbers = 0;
  for (const json& tensor : page.document["steps"][0]["tensors"]) {
    const std::string name = Page::name_on_page(tensor["name"]);
    browser.value("{ const c = document.getElementById('quantity'); c.value = '" + name +
                  "'; c.dispatchEvent(new Event('change')); }");
    const std::size_t count = tensor["engine"].size(), pages = (count + 24) / 25;
    for (const std::size_t at :
         pages <= 4 ? std::vector<std::size_t>{1, 2, 3, 4} : std::vector{std::size_t{1}, pages / 2, pages}) {
      if (at > pages) continue;
      if (pages > 1)
        browser.value("{ const p = document.querySelector('#numbers input'); p.value = " + std::to_string(at) +
                      "; p.dispatchEvent(new Event('change')); }");
      const json lines = browser.value(
          "[...document.querySelectorAll('#numbers tbody tr')].map(line => [line.querySelector('button').dataset.key, "
          "...[...line.querySelectorAll('td')].map(cell => cell.textContent)])");
      for (const json& line : lines) {
        EXPECT_EQ(difference_of(page, line[0], {line[1], line[2], line[3], line[4]}), "");
        ++numbers;
      }
    }
  }
  EXPECT_GT(numbers, 120u);
  EXPECT_EQ(browser.requests.size(), 1u);
  EXPECT_TRUE(browser.complaints.empty()) << browser.complaints[0];
}

TEST_P(PageTest, TheFactorsShownGiveTheResults) {
  const Page page(GetParam());
  Browser browser;
  browser.open(page.path("page.html"));
  const json found = browser.value(R"((() => { const found = { checked: 0, differing: [] };
    for (const tensor of explained.steps[0].tensors) {
      const each = Math.ceil(tensor.size / 500);
      for (let k = 0; k < tensor.size; k += each) {
        const entry = Entry.at(tensor, k), made = derivationOf(entry), check = made.count === 0 ? null : recomputed(entry, made);
        if (check === null) continue;
        found.checked++;
        if (!check.agrees) found.differing.push([entry.name, check.value, entry.engine]);
      }
    }
    return found; })())");
  EXPECT_EQ(found["differing"], json::array());
  EXPECT_GT(found["checked"], 50);
}

TEST_P(PageTest, FitsEveryScreenInBothThemes) {
  const Page page(GetParam());
  Browser browser;
  browser.open(page.path("page.html"));
  browser.value("location.hash = '1/z2/0/1'");
  for (const char* const scheme : {"light", "dark"})
    for (const int width : {380, 760, 1100, 1920}) {
      browser.theme(scheme);
      browser.size(width, 900);
      for (int stage = 0; stage < 8; ++stage, browser.key("ArrowRight"))
        EXPECT_LE(browser.value("document.documentElement.scrollWidth"), width) << browser.text("#stage-name");
      browser.value("page.index = 0; page.show()");
      // Contrast of text and background: at least 4.5 to 1, except for disabled elements.
      const json faint = browser.value(R"((() => {
        const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
        const rgb = css => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = css; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
        const light = c => c.slice(0, 3).map(v => v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4)
          .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
        const behind = it => { for (; it; it = it.parentElement) { const c = rgb(getComputedStyle(it).backgroundColor); if (c[3] === 255) return c; } return [255, 255, 255]; };
        return [...document.querySelectorAll('body *')].filter(it => !it.closest('svg, :disabled, .unseen, template, script, option, optgroup') &&
          it.checkVisibility() && [...it.childNodes].some(n => n.nodeType === 3 && n.textContent.trim() !== '')).map(it => {
            const [a, b] = [light(rgb(getComputedStyle(it).color)), light(behind(it))].sort((x, y) => y - x);
            return [it.tagName + '.' + it.className, (a + 0.05) / (b + 0.05)]; }).filter(([, ratio]) => ratio < 4.5); })())");
      EXPECT_EQ(faint, json::array()) << scheme << ' ' << width;
    }
}

class PageOnce : public ::testing::Test {
 protected:
  void SetUp() override {
    if (Browser::program().empty()) GTEST_SKIP() << "chromium is not there";
  }
};

TEST_F(PageOnce, FactorsLeadToWhatTheyComeFromAndBack) {
  const Page page(cases()[0]);
  Browser browser;
  browser.open(page.path("page.html"));
  browser.value("location.hash = '1/delta2/0/1'");
  browser.settle();
  EXPECT_EQ(browser.text("#panel-title code"), "delta2[2; row 1]");
  EXPECT_NE(browser.text(".article").find("(14), (17), (21)"), std::string::npos);
  ASSERT_TRUE(browser.click(".line.symbols [data-key='1/d_a2/0/1']"));
  EXPECT_EQ(browser.text("#panel-title code"), "d_a2[2; row 1]");
  ASSERT_TRUE(browser.click(".line.numbers [data-key='1/W2/0/1']"));
  EXPECT_EQ(browser.text("#panel-title code"), "W2[1,2]");
  ASSERT_TRUE(browser.click("#earlier"));
  ASSERT_TRUE(browser.click("#earlier"));
  EXPECT_EQ(browser.text("#panel-title code"), "delta2[2; row 1]");
  ASSERT_TRUE(browser.click("#later"));
  EXPECT_EQ(browser.text("#panel-title code"), "d_a2[2; row 1]");
}

TEST_F(PageOnce, EverythingIsThereForTheKeyboardAndHasAName) {
  const Page page(cases()[2]);
  Browser browser;
  browser.size(1440, 1000);
  browser.open(page.path("page.html"));
  browser.key("Tab");
  EXPECT_EQ(browser.value("document.activeElement.className"), "skip");
  browser.key("Enter");
  EXPECT_EQ(browser.value("document.activeElement.id"), "stage-name");
  browser.key("ArrowRight");
  EXPECT_EQ(browser.text("#stage-name"), "Forward, layer 2");
  const auto tab_to = [&](const std::string& what) {
    for (int k = 0; k < 40 && !browser.value("document.activeElement.matches(" + json(what).dump() + ")").get<bool>();
         ++k)
      browser.key("Tab");
  };
  tab_to("[data-slot='u1/0']");
  browser.key("ArrowDown");
  browser.key("ArrowRight");
  EXPECT_EQ(browser.value("document.activeElement.dataset.slot"), "u1/29");  // one line of 28 down, one to the right
  EXPECT_EQ(browser.text("#stage-name"), "Forward, layer 2");
  browser.key("Enter");
  EXPECT_EQ(browser.text("#panel-title code"), "a1[30]");
  EXPECT_EQ(browser.value("document.activeElement.dataset.slot"), "u1/29");
  tab_to("[data-slot='u2/0']");
  browser.key("ArrowDown");
  browser.key("Enter");
  EXPECT_EQ(browser.text("#panel-title code"), "a2[2]");
  const json tree = browser.ask("Accessibility.getFullAXTree");
  int focusable = 0;
  for (const json& node : tree["nodes"]) {
    bool can_focus = false;
    for (const json& property : node.value("properties", json::array()))
      can_focus = can_focus || (property["name"] == "focusable" && property["value"]["value"] == true);
    if (!can_focus || node["ignored"] == true) continue;
    ++focusable;
    EXPECT_NE(node["name"]["value"], "") << node.dump();
  }
  EXPECT_GT(focusable, 1000);  // the pixels, one by one
}

TEST_F(PageOnce, TheWeightsIntoAUnitAreAPicture) {
  const Page page(cases()[2]);
  Browser browser;
  browser.size(1440, 1000);
  browser.open(page.path("page.html"));
  EXPECT_TRUE(browser.value("document.getElementById('heat-choice').hidden"));
  ASSERT_TRUE(browser.click("[data-slot='u2/6']"));
  ASSERT_TRUE(browser.click("[name=heat][value=weights]"));
  EXPECT_EQ(browser.text("#heat-of"), "weights into unit 7 of layer 2");
  for (const int unit : {0, 30, 407, 783}) {
    ASSERT_TRUE(browser.click("[data-slot='u1/" + std::to_string(unit) + "']"));
    const std::string key = "1/W1/6/" + std::to_string(unit);
    EXPECT_EQ(browser.value("page.chosen.key"), key);
    EXPECT_EQ(difference_of(page, key, browser.value(kShown)), "");
  }
}

TEST_F(PageOnce, AWrongNumberShows) {
  const Page page(cases()[0]);
  Browser browser;
  browser.open(page.path("page.html"));
  const double loss = page.number("1/loss/0/0", "engine");
  std::string text = page.read("page.html");
  const std::string right = "\"engine\":" + json(loss).dump();
  const std::size_t at = text.find(right, text.find("\"name\":\"loss\""));
  ASSERT_NE(at, std::string::npos);
  text.replace(at, right.size(), "\"engine\":" + json(loss + 0.001).dump());
  page.write("wrong.html", text);
  const std::string address = "location.hash = '1/loss/0/0'";
  browser.value(address);
  browser.settle();
  EXPECT_EQ(difference_of(page, "1/loss/0/0", browser.value(kShown)), "");
  EXPECT_EQ(browser.text("#panel-content .differs"), "(none)");
  EXPECT_EQ(browser.text("#panel-content .beyond"), "(none)");
  browser.open(page.path("wrong.html"));
  browser.value(address);
  browser.settle();
  EXPECT_NE(difference_of(page, "1/loss/0/0", browser.value(kShown)), "");
  EXPECT_NE(browser.text("#panel-content .differs"), "(none)");
  EXPECT_NE(browser.text("#panel-content .beyond"), "(none)");
}

TEST_F(PageOnce, WordsFromAFileRunNothing) {
  Page page(cases()[0]);
  page.write(
      "evil.csv",
      "a</script><script>alert(1)</script>,kind\n1,<img src=x onerror=alert(2)>\n2,</script>\n3,b&amp;\n4,</script>\n");
  const Result made = run(page, {"explain", "evil.csv", "--hidden", "2", "--html", "evil.html", "--row", "1-3"});
  ASSERT_EQ(made.code, 0) << made.err;
  Browser browser;
  browser.open(page.path("evil.html"));
  EXPECT_EQ(browser.value("document.scripts.length"), 2);
  EXPECT_EQ(browser.value("document.images.length"), 0);
  EXPECT_NE(browser.text("#row").find("<img src=x onerror=alert(2)>"), std::string::npos);
  EXPECT_EQ(browser.requests.size(), 1u);
  EXPECT_TRUE(browser.complaints.empty()) << browser.complaints[0];
}

TEST(PageFile, IsSmallAndAsksForNothing) {
  const Page page(cases()[2]);
  const std::string text = page.read("page.html");
  EXPECT_LT(text.size(), 3'000'000u);
  EXPECT_NE(text.find("content=\"default-src 'none';"), std::string::npos);
  for (const char* const loads : {"src=", "@import", "url(", "fetch(", "XMLHttp", "import("})
    EXPECT_EQ(text.substr(0, text.find("id=\"data\"")).find(loads), std::string::npos) << loads;
}

TEST(PageFile, IsReplacedOnlyWithForce) {
  const Page page(cases()[0]);
  const std::vector<std::string> words{"explain", "pairs.csv", "--hidden", "3", "--html"};
  const auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> all = words;
    all.insert(all.end(), more.begin(), more.end());
    return run(page, all);
  };
  const std::string before = page.read("page.html");
  EXPECT_EQ(with({"page.html"}).code, 2);
  EXPECT_EQ(page.read("page.html"), before);
  EXPECT_EQ(with({"page.html", "--force"}).code, 0);
  EXPECT_NE(page.read("page.html"), before);
  EXPECT_EQ(with({"pairs.csv", "--force"}).code, 2);  // its input
  EXPECT_EQ(with({"no/such/folder.html"}).code, 2);
  for (const char* const other : {"--json", "--layer=2", "--unit=1", "--parameter=b1[1]", "--most=3"}) {
    const Result refused = with({"other.html", other});
    EXPECT_EQ(refused.code, 2) << other;
    EXPECT_NE(refused.err.find("--html: expected no --"), std::string::npos) << refused.err;
  }
  EXPECT_FALSE(page.has("other.html"));
  EXPECT_EQ(run(page, {"explain", "pairs.csv", "--hidden", "3", "--force"}).code, 2);
  EXPECT_EQ(with({"-"}).out.substr(0, 15), "<!doctype html>");
}

}  // namespace
}  // namespace chainrule::cli_page_test
