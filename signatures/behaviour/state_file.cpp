// What was learned as a file: lines of words between tabs, the last one with the number of lines and the hash of what
// stands before it.
//
//   bulkhead-behaviour 1
//   party <number> <phase> <since> <flows> <name>
//   edge <client> <server> <protocol> <port> <flows> <windows> <promoted> <first> <last> <times>
//   verb <server> <protocol> <port> <hash> <times>
//   question <client> <hash> <times>
//   most <detector> <server> <protocol> <port> <detail> <value>
//   end <lines> <hash>
#include <charconv>
#include <unordered_map>

#include "datapath/base/text_hash.h"
#include "signatures/behaviour/behaviour_engine.h"

namespace bulkhead::behaviour {

namespace {

constexpr std::string_view kHead = "bulkhead-behaviour 1\n";
constexpr std::size_t kMostWords = 16;

std::string escaped(std::string_view name) {
  constexpr const char* kHex = "0123456789abcdef";
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte != 0x7f && byte != '%') {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned value = 0;
    if (i + 2 >= text.size()) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16);
    if (error != std::errc() || end != text.data() + i + 3) return std::nullopt;
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

template <typename Number>
bool number(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> out;
  while (out.size() < kMostWords) {
    const std::size_t tab = line.find('\t');
    out.push_back(line.substr(0, tab));
    if (tab == std::string_view::npos) break;
    line.remove_prefix(tab + 1);
  }
  return out;
}

// One file being read.
class Reader {
 public:
  Reader(PartyTable& parties, Phases& phases, ServiceGraph& graph, std::vector<std::unique_ptr<Detector>>& detectors)
      : parties_(parties), phases_(phases), graph_(graph), detectors_(detectors) {}

  [[nodiscard]] bool line(const std::vector<std::string_view>& words) {
    if (words[0] == "party") return party_line(words);
    if (words[0] == "most") return most_line(words);
    return graph_.restore(words, [this](std::uint64_t id) { return party(id); });
  }

 private:
  PartyId party(std::uint64_t id) {
    const auto found = ids_.find(id);
    return found == ids_.end() ? kOthers : found->second;
  }

  [[nodiscard]] bool party_line(const std::vector<std::string_view>& words) {
    std::uint64_t id = 0;
    Phases::Entry entry;
    if (words.size() != 6 || !number(words[1], id) || !number(words[3], entry.since.ns) ||
        !number(words[4], entry.flows)) {
      return false;
    }
    const auto name = unescaped(words[5]);
    if (!name) return false;
    const PartyId here = parties_.by_name(*name);
    ids_[id] = here;
    if (words[2] == "-") return true;
    const auto phase = find_phase(words[2]);
    if (!phase) return false;
    entry.phase = *phase;
    phases_.put(here, *name, entry);
    return true;
  }

  [[nodiscard]] bool most_line(const std::vector<std::string_view>& words) {
    std::uint64_t server = 0, detail = 0, value = 0;
    Service service;
    if (words.size() != 7 || !number(words[2], server) || !number(words[3], service.protocol) ||
        !number(words[4], service.port) || !number(words[5], detail) || !number(words[6], value)) {
      return false;
    }
    service.server = party(server);
    const auto family = find_family(words[1]);
    if (!family) return false;
    for (const auto& detector : detectors_) {
      if (detector->family() == *family) detector->restore(service, detail, value);
    }
    return true;
  }

  PartyTable& parties_;
  Phases& phases_;
  ServiceGraph& graph_;
  std::vector<std::unique_ptr<Detector>>& detectors_;
  std::unordered_map<std::uint64_t, PartyId> ids_;
};

}  // namespace

std::string BehaviourEngine::save() const {
  std::string out(kHead);
  std::uint64_t lines = 0;
  const auto write = [&](const std::string& line) {
    out += line;
    out += '\n';
    ++lines;
  };
  for (PartyId id = 0; id < parties_.size(); ++id) {
    const auto phase = phases_.entries().find(id);
    const bool has = phase != phases_.entries().end();
    write("party\t" + std::to_string(id) + "\t" + (has ? to_string(phase->second.phase) : "-") + "\t" +
          std::to_string(has ? phase->second.since.ns : 0) + "\t" + std::to_string(has ? phase->second.flows : 0) +
          "\t" + escaped(parties_.name(id)));
  }
  graph_.save(write);
  for (const auto& detector : detectors_) {
    detector->save([&](const Service& service, std::uint64_t detail, std::uint64_t value) {
      write(std::string("most\t") + to_string(detector->family()) + "\t" + std::to_string(service.server) + "\t" +
            std::to_string(service.protocol) + "\t" + std::to_string(service.port) + "\t" + std::to_string(detail) +
            "\t" + std::to_string(value));
    });
  }
  const std::uint64_t hash = text_hash(out);
  return out + "end\t" + std::to_string(lines) + "\t" + std::to_string(hash) + "\n";
}

bool BehaviourEngine::restore(std::string_view text, const std::string& file, Diagnostics& diagnostics) {
  std::uint32_t at = 1;
  const auto refuse = [&](const std::string& message) {
    const auto source = std::make_shared<SourceFile>(file, std::string(text));
    diagnostics.error({source, at, 1, 1}, "behaviour.state", message,
                      "the file was cut short or changed by others; everything is learned anew");
    return false;
  };
  if (!text.starts_with(kHead)) return refuse("this is no file of learned behaviour of this version");
  const std::string_view whole = text;
  text.remove_prefix(kHead.size());
  Reader reader(parties_, phases_, graph_, detectors_);
  std::uint64_t lines = 0;
  while (!text.empty()) {
    ++at;
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return refuse("the last line has no end");
    const std::vector<std::string_view> words = split(text.substr(0, end));
    if (words[0] == "end") {
      std::uint64_t count = 0, hash = 0;
      const std::string_view before = whole.substr(0, static_cast<std::size_t>(text.data() - whole.data()));
      if (words.size() != 3 || !number(words[1], count) || !number(words[2], hash) || count != lines ||
          hash != text_hash(before) || end + 1 != text.size()) {
        return refuse("the hash at the end does not fit what stands before it");
      }
      return true;
    }
    if (!reader.line(words)) return refuse("\"" + std::string(words[0]) + "\" line cannot be read");
    ++lines;
    text.remove_prefix(end + 1);
  }
  return refuse("there is no end line");
}

}  // namespace bulkhead::behaviour
