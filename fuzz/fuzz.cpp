// SPDX-License-Identifier: Apache-2.0
// fuzz TARGET RUNS [SEED]: runs the target's seeds, the files of fuzz/corpus/TARGET and RUNS mutations of them. The
// same SEED gives the same inputs. Before each run the input is kept in `crash-TARGET` in memory; a crash writes it
// there.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "fuzz/targets.h"

namespace {

using chainrule::fuzz::Target;

std::string input;    // the current one, for the signal handler
std::string to_keep;  // the file that it goes to if it does harm

extern "C" void keep_input(int signal) {
  std::FILE* const file = std::fopen(to_keep.c_str(), "wb");
  if (file != nullptr) std::fwrite(input.data(), 1, input.size(), file), std::fclose(file);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

std::vector<std::string> corpus_of(const Target& target) {
  std::vector<std::string> corpus = target.seeds();
  const std::string folder = std::string(CHAINRULE_SOURCE_DIR) + "/fuzz/corpus/" + target.name;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    std::ifstream file(entry.path(), std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

class Mutator {
 public:
  Mutator(const Target& target, std::vector<std::string> corpus, std::uint64_t seed)
      : target_(target), corpus_(std::move(corpus)), draw_(seed) {}

  std::string next() {
    std::string text = corpus_[below(corpus_.size())];
    for (std::size_t changes = 1 + below(5); changes > 0; --changes) change(text);
    return text;
  }

 private:
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : draw_() % bound; }
  void change(std::string& text) {
    const std::size_t at = below(text.size() + 1), length = below(std::min<std::size_t>(text.size() - at, 64) + 1);
    const std::string_view token = target_.tokens[below(target_.tokens.size())];
    switch (below(8)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ 1 << below(8));
        break;
      case 1:
        if (at < text.size()) text[at] = static_cast<char>(below(256));
        break;
      case 2:
        text.insert(at, token);
        break;
      case 3:
        text.replace(at, length, token);
        break;
      case 4:
        text.erase(at, length);
        break;
      case 5:
        text.insert(at, text.substr(at, length));
        break;
      case 6: {
        const std::string& other = corpus_[below(corpus_.size())];
        text = text.substr(0, at) + other.substr(below(other.size() + 1));
        break;
      }
      default: {
        std::string repeated;  // inserted at once: moving the end each time took most of a run
        // Few are long: a long input takes as much time as a hundred short ones.
        for (std::size_t times = below(100) == 0 ? 2'000 : below(20); times > 0; --times) repeated += token;
        text.insert(at, repeated);
      }
    }
  }

  const Target& target_;
  std::vector<std::string> corpus_;
  std::mt19937_64 draw_;
};

}  // namespace

int main(int count, char** arguments) {
  const Target* const target = count >= 3 ? chainrule::fuzz::find_target(arguments[1]) : nullptr;
  if (target == nullptr) {
    std::fputs("usage: fuzz TARGET RUNS [SEED]; targets:", stderr);
    for (const Target& one : chainrule::fuzz::targets()) std::fprintf(stderr, " %s", one.name);
    std::fputs("\n", stderr);
    return 2;
  }
  to_keep = std::string("crash-") + target->name;
  for (const int signal : {SIGSEGV, SIGABRT, SIGFPE, SIGILL, SIGBUS}) std::signal(signal, keep_input);
  const std::vector<std::string> corpus = corpus_of(*target);
  for (const std::string& one : corpus) chainrule::fuzz::run_within_bounds(*target, input = one);
  const std::uint64_t seed = count > 3 ? std::strtoull(arguments[3], nullptr, 10) : 1;
  Mutator mutator(*target, corpus, seed);
  const unsigned long long runs = std::strtoull(arguments[2], nullptr, 10);
  for (unsigned long long k = 0; k < runs; ++k) chainrule::fuzz::run_within_bounds(*target, input = mutator.next());
  std::printf("%s: %zu inputs of the corpus and %llu mutations, seed %llu: no harm\n", target->name, corpus.size(),
              runs, static_cast<unsigned long long>(seed));
  return 0;
}
