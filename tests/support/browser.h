// SPDX-License-Identifier: Apache-2.0
// For tests of pages in a real browser: a headless Chromium, driven over its debugging pipe (descriptors 3 and 4,
// messages that end with a zero byte), with real clicks and keys.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace chainrule {

using nlohmann::json;

/// The first paint, or the end of the script that draws, whichever is later; in milliseconds from the start.
inline constexpr const char* kFirstView = R"(new Promise(done => new PerformanceObserver(list => done(Math.max(
  list.getEntries().at(-1).startTime, performance.getEntriesByType('navigation')[0].domComplete)))
  .observe({ type: 'paint', buffered: true })))";

class Browser {
 public:
  /// The path of Chromium; "" = missing.
  static std::string program() {
    std::istringstream folders(std::getenv("PATH") == nullptr ? "" : std::getenv("PATH"));
    for (std::string folder; std::getline(folders, folder, ':');)
      for (const char* const name : {"/chromium", "/chromium-browser", "/google-chrome"})
        if (access((folder + name).c_str(), X_OK) == 0) return folder + name;
    return {};
  }

  Browser() {
    std::string name = (std::filesystem::temp_directory_path() / "chainrule-browser-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    profile_ = name;
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    pid_ = fork();
    if (pid_ == 0) run_child(to[0], from[1]);
    close(to[0]);
    close(from[1]);
    to_ = to[1];
    from_ = from[0];
    const json target = ask("Target.createTarget", {{"url", "about:blank"}});
    session_ = ask("Target.attachToTarget", {{"targetId", target.at("targetId")}, {"flatten", true}}).at("sessionId");
    for (const char* const domain : {"Runtime", "Log", "Network", "Page", "Accessibility"})
      ask(std::string(domain) + ".enable");
  }
  ~Browser() {
    close(to_);
    close(from_);
    kill(-pid_, SIGKILL);  // with the processes that it started
    waitpid(pid_, nullptr, 0);
    std::error_code ignored;
    std::filesystem::remove_all(profile_, ignored);
  }
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;

  /// The console messages of the page, including violations of its policy, and the addresses that it requested.
  std::vector<std::string> complaints, requests;

  json ask(const std::string& method, const json& parameters = json::object()) {
    const int id = ++last_;
    json message = {{"id", id}, {"method", method}, {"params", parameters}};
    if (!session_.empty()) message["sessionId"] = session_;
    const std::string text = message.dump() + '\0';
    for (std::size_t sent = 0; sent < text.size();) {
      const ssize_t n = write(to_, text.data() + sent, text.size() - sent);
      if (n <= 0) throw std::runtime_error("the browser has gone");
      sent += static_cast<std::size_t>(n);
    }
    while (true) {
      const json reply = next();
      if (reply.value("id", 0) != id) continue;
      if (reply.contains("error")) throw std::runtime_error(method + ": " + reply["error"].dump());
      return reply["result"];
    }
  }

  void size(int width, int height) {
    ask("Emulation.setDeviceMetricsOverride",
        {{"width", width}, {"height", height}, {"deviceScaleFactor", 1}, {"mobile", false}});
    settle();
  }
  void theme(const std::string& scheme) {
    const json feature = {{"name", "prefers-color-scheme"}, {"value", scheme}};
    ask("Emulation.setEmulatedMedia", {{"features", json::array({feature})}});
    settle();
  }

  void open(const std::filesystem::path& path) {
    complaints.clear();
    requests.clear();
    is_loaded_ = false;
    ask("Page.navigate", {{"url", "file://" + path.string()}});
    while (!is_loaded_) next();
    settle();
  }

  /// The value of an expression, awaited; an exception is a test failure.
  json value(const std::string& expression) {
    const json reply =
        ask("Runtime.evaluate", {{"expression", expression}, {"returnByValue", true}, {"awaitPromise", true}});
    if (reply.contains("exceptionDetails")) {
      ADD_FAILURE() << expression << ": " << reply["exceptionDetails"].dump().substr(0, 600);
      return nullptr;
    }
    return reply["result"].value("value", json(nullptr));
  }
  /// A no-break space counts as a blank.
  std::string text(const std::string& selector) {
    return value("(document.querySelector(" + json(selector).dump() +
                 ")?.textContent ?? '(none)').replaceAll('\\u00a0', ' ')");
  }
  /// Waits until pending work has been drawn.
  /// Not by a timer: the browser holds timers back for about 100 ms after a click.
  void settle() {
    value(R"(new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = done;
      channel.port2.postMessage(0); }))).then(() => 0))");
  }

  /// A left click on the middle of the selected element (of a line: on the line). Returns whether something else covers
  /// it.
  bool click(const std::string& selector) {
    const json at =
        value("(() => { const it = document.querySelector(" + json(selector).dump() + R"(); if (!it) return null;
      it.scrollIntoView({ block: 'center', inline: 'center' });
      const line = it.querySelector?.('path'), box = it.getBoundingClientRect();
      const places = [[box.x + box.width / 2, box.y + box.height / 2]];
      for (const share of line ? Array.from({ length: 25 }, (_, k) => ((k * 7) % 25 + 0.5) / 25) : []) {
        const p = line.getPointAtLength(share * line.getTotalLength()).matrixTransform(line.getScreenCTM());
        places.push([p.x, p.y]);
      }
      return places.find(([x, y]) => it.contains(document.elementFromPoint(x, y))) ?? null; })())");
    if (at.is_null()) return false;
    for (const char* const type : {"mouseMoved", "mousePressed", "mouseReleased"})
      ask("Input.dispatchMouseEvent", {{"type", type},
                                       {"x", at[0]},
                                       {"y", at[1]},
                                       {"button", std::string(type) == "mouseMoved" ? "none" : "left"},
                                       {"clickCount", 1}});
    settle();
    return true;
  }

  /// "ArrowRight", "Enter", "Tab" ...
  void key(const std::string& name) {
    const int code = name == "Enter" ? 13 : name == "Tab" ? 9 : name == " " ? 32 : 0;
    json event = {{"key", name}, {"code", name == " " ? "Space" : name}, {"windowsVirtualKeyCode", code}};
    event["type"] = name == "Enter" ? "keyDown" : "rawKeyDown";
    if (name == "Enter") event["text"] = "\r";
    ask("Input.dispatchKeyEvent", event);
    event.erase("text");
    event["type"] = "keyUp";
    ask("Input.dispatchKeyEvent", event);
    settle();
  }

 private:
  [[noreturn]] void run_child(int in, int out) const {
    setpgid(0, 0);
    setenv("TMPDIR", profile_.c_str(), 1);  // its files there are removed with the profile
    // Moved away first: one of them may be 3 or 4 itself.
    const int input = fcntl(in, F_DUPFD, 10), output = fcntl(out, F_DUPFD, 10);
    dup2(input, 3);
    dup2(output, 4);
    close(input);
    close(output);
    const int nothing = ::open("/dev/null", O_RDWR);
    for (const int stream : {0, 1, 2}) dup2(nothing, stream);
    std::vector<std::string> words{program(),
                                   "--headless",
                                   "--remote-debugging-pipe",
                                   "--user-data-dir=" + profile_.string(),
                                   "--disable-gpu",
                                   "--disable-dev-shm-usage",
                                   "--no-first-run",
                                   "--hide-scrollbars"};
    if (geteuid() == 0) words.push_back("--no-sandbox");  // otherwise it refuses to start as root
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    execv(arguments[0], arguments.data());
    _exit(126);
  }

  json next() {
    std::size_t end;
    while ((end = received_.find('\0')) == std::string::npos) {
      pollfd request{from_, POLLIN, 0};
      std::array<char, 65536> part{};
      if (poll(&request, 1, 120000) <= 0) throw std::runtime_error("the browser said nothing for two minutes");
      const ssize_t n = read(from_, part.data(), part.size());
      if (n <= 0) throw std::runtime_error("the browser has gone");
      received_.append(part.data(), static_cast<std::size_t>(n));
    }
    json message = json::parse(received_.substr(0, end));
    received_.erase(0, end + 1);
    note(message.value("method", ""), message.value("params", json::object()));
    return message;
  }

  void note(const std::string& method, const json& what) {
    if (method == "Page.loadEventFired") is_loaded_ = true;
    if (method == "Network.requestWillBeSent") requests.push_back(what["request"]["url"]);
    if (method == "Runtime.consoleAPICalled" || method == "Runtime.exceptionThrown" || method == "Log.entryAdded")
      complaints.push_back(what.dump().substr(0, 1000));
  }

  std::filesystem::path profile_;
  pid_t pid_ = -1;
  int to_ = -1, from_ = -1, last_ = 0;
  bool is_loaded_ = false;
  std::string session_, received_;
};

}  // namespace chainrule
