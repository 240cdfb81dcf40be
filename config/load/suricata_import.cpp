#include "config/load/suricata_import.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "config/load/event_type_names.h"
#include "config/schema/setting.h"
#include "config/yaml/yaml_reader.h"

namespace bulkhead::config {

namespace {

// Other names for the same thing.
const std::map<std::string, std::string, std::less<>>& renamed() {
  static const std::map<std::string, std::string, std::less<>> names = {{"default-log-dir", "log-dir"}};
  return names;
}

bool says_no(const YamlNode* node) {
  return node != nullptr && node->is_scalar() && (node->text == "no" || node->text == "false");
}

class Importer {
 public:
  explicit Importer(SuricataImport& out) : out_(out) {}

  void read(const YamlNode& root) {
    if (const YamlNode* path = root.find("default-rule-path"); path != nullptr && path->is_scalar()) {
      rule_path_ = path->text;
    }
    for (const YamlEntry& entry : root.entries) {
      if (entry.key == "outputs") {
        outputs(entry.value);
      } else if (entry.key == "rule-files") {
        rule_files(entry);
      } else if (entry.key == "af-packet") {
        interfaces(entry);
      } else if (entry.key == "default-rule-path") {
        out_.taken.push_back({entry.key, "part of signatures", entry.key_span.line});
      } else {
        setting(entry.key, entry.key, entry.value, entry.key_span);
      }
    }
  }

 private:
  // `key` as in the file, `name` as it is called here.
  void setting(const std::string& key, const std::string& name, const YamlNode& node, const SourceSpan& span) {
    const auto other = renamed().find(name);
    const std::string& here = other == renamed().end() ? name : other->second;
    const Setting* found = find_setting(here);
    if (found != nullptr && !(node.is_map() && is_setting_group(here))) {
      take(key, here, *found, node, span);
    } else if (node.is_map() && is_setting_group(here)) {
      for (const YamlEntry& entry : node.entries) {
        setting(key + "." + entry.key, here + "." + entry.key, entry.value, entry.key_span);
      }
    } else {
      ignore(key, node.is_null() ? "has no value" : "has no meaning here", span);
    }
  }

  void take(const std::string& key, const std::string& name, const Setting& found, const YamlNode& node,
            const SourceSpan& span) {
    if (node.is_null()) return ignore(key, "has no value", span);
    RawValue raw;
    raw.span = node.span;
    if (node.is_scalar()) {
      raw = raw_from_text(node.text, node.span, is_list(found.type));
    } else {
      raw.list = true;
      for (const YamlNode& item : node.items) {
        if (!item.is_scalar()) return ignore(key, "is more than a list of words", span);
        raw.items.push_back({item.text, item.span});
      }
      if (node.is_map()) return ignore(key, "has further keys", span);
    }
    take(key, name, found, raw, span);
  }

  void take(const std::string& key, const std::string& name, const Setting& found, const RawValue& raw,
            const SourceSpan& span) {
    Diagnostics problems;
    auto value = parse_setting(found, raw, problems);
    if (!value) return ignore(key, problems.all().empty() ? "is not understood" : problems.all().front().message, span);
    value->origin = SettingOrigin::kFile;
    out_.taken.push_back({key, name + " = " + value_text(found, *value), span.line});
    out_.values.set(name, std::move(*value));
  }

  void ignore(const std::string& key, std::string why, const SourceSpan& span) {
    out_.ignored.push_back({key, std::move(why), span.line});
  }

  void outputs(const YamlNode& list) {
    bool seen = false;
    for (const YamlNode& item : list.items) {
      for (const YamlEntry& entry : item.entries) {
        const std::string key = "outputs." + entry.key;
        if (entry.key != "eve-log") {
          ignore(key, says_no(entry.value.find("enabled")) ? "is off" : "only eve-log is written", entry.key_span);
        } else if (says_no(entry.value.find("enabled"))) {
          ignore(key, "is off", entry.key_span);
        } else if (std::exchange(seen, true)) {
          ignore(key, "only the first eve-log is taken", entry.key_span);
        } else {
          eve_log(key, entry.value);
        }
      }
    }
  }

  // `filetype` says where the records go: a file, or one of our outputs.
  void eve_log(const std::string& key, const YamlNode& log) {
    const YamlNode* kind = log.find("filetype");
    const std::string filetype = kind != nullptr && kind->is_scalar() ? kind->text : "regular";
    const bool to_socket = filetype == "unix_stream" || filetype == "unix_dgram";
    for (const YamlEntry& entry : log.entries) {
      const std::string name = key + "." + entry.key;
      if (entry.key == "types") {
        event_types(key + ".types", entry);
      } else if (entry.key == "filetype") {
        file_type(name, filetype, entry);
      } else if (entry.key == "filename" && to_socket) {
        setting(name, "outputs.unix.filename", entry.value, entry.key_span);
      } else if (entry.key == "redis" && filetype == "redis" && entry.value.is_map()) {
        redis(name, entry.value);
      } else if (entry.key == "facility" && filetype == "syslog") {
        setting(name, "outputs.syslog.facility", entry.value, entry.key_span);
      } else {
        setting(key + "." + entry.key, "eve." + entry.key, entry.value, entry.key_span);
      }
    }
  }

  void take_text(const std::string& key, const std::string& name, const std::string& text, const SourceSpan& span) {
    const Setting& found = *find_setting(name);
    take(key, name, found, raw_from_text(text, span, is_list(found.type)), span);
  }

  void file_type(const std::string& key, const std::string& filetype, const YamlEntry& entry) {
    if (filetype == "regular") {
      out_.taken.push_back({key, "eve.filename is a file", entry.key_span.line});
      return;
    }
    const bool to_socket = filetype == "unix_stream" || filetype == "unix_dgram";
    if (!to_socket && filetype != "redis" && filetype != "syslog") {
      return ignore(key, "only regular, unix_stream, unix_dgram, syslog and redis are written", entry.key_span);
    }
    const std::string group = std::string("outputs.") + (to_socket ? "unix" : filetype);
    take_text(key, group + ".enabled", "yes", entry.key_span);
    take_text(key, "eve.enabled", "no", entry.key_span);
    if (to_socket) {
      take_text(key, group + ".type", filetype == "unix_stream" ? "stream" : "datagram", entry.key_span);
    }
    if (filetype == "syslog") take_text(key, group + ".types", "[]", entry.key_span);
  }

  void redis(const std::string& key, const YamlNode& settings) {
    const YamlNode* server = settings.find("server");
    const YamlNode* port = settings.find("port");
    if (server != nullptr && server->is_scalar()) {
      const bool path = server->text.starts_with("/");
      const std::string number = port != nullptr && port->is_scalar() ? port->text : "6379";
      take_text(key + ".server", "outputs.redis.server", path ? server->text : server->text + ":" + number,
                server->span);
    }
    for (const YamlEntry& entry : settings.entries) {
      const std::string name = key + "." + entry.key;
      if (entry.key == "server" || entry.key == "port") continue;
      if (entry.key == "key") {
        setting(name, "outputs.redis.key", entry.value, entry.key_span);
      } else if (entry.key == "mode") {
        const std::string& mode = entry.value.text;
        const bool stream = mode == "xadd" || mode == "stream";
        const bool channel = mode == "channel" || mode == "publish";
        take_text(name, "outputs.redis.mode", stream ? "stream" : channel ? "channel" : "list", entry.key_span);
      } else {
        ignore(name, "has no meaning here", entry.key_span);
      }
    }
  }

  // - alert:
  //     payload: yes
  // - flow
  void event_types(const std::string& key, const YamlEntry& types) {
    const auto& known = event_type_names();
    RawValue names;
    names.span = types.value.span;
    names.list = true;
    for (const YamlNode& item : types.value.items) {
      const std::string& name = item.is_map() && !item.entries.empty() ? item.entries.front().key : item.text;
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        ignore(key + "." + name, "there is no such event type here", item.span);
        continue;
      }
      const YamlNode* options = item.is_map() ? &item.entries.front().value : nullptr;
      if (options == nullptr || !says_no(options->find("enabled"))) names.items.push_back({name, item.span});
      if (options == nullptr) continue;
      for (const YamlEntry& option : options->entries) {
        if (option.key == "enabled") continue;
        setting(key + "." + name + "." + option.key, "eve.types." + name + "." + option.key, option.value,
                option.key_span);
      }
    }
    take(key, "eve.types", *find_setting("eve.types"), names, types.key_span);
  }

  void rule_files(const YamlEntry& entry) {
    RawValue files;
    files.span = entry.value.span;
    files.list = true;
    for (const YamlNode& item : entry.value.items) {
      files.items.push_back({(std::filesystem::path(rule_path_) / item.text).string(), item.span});
    }
    take(entry.key, "signatures", *find_setting("signatures"), files, entry.key_span);
  }

  void interfaces(const YamlEntry& entry) {
    RawValue names;
    names.span = entry.value.span;
    names.list = true;
    for (const YamlNode& item : entry.value.items) {
      const YamlNode* name = item.find("interface");
      if (name != nullptr && name->is_scalar() && name->text != "default")
        names.items.push_back({name->text, name->span});
    }
    if (names.items.empty()) return ignore(entry.key, "names no interface", entry.key_span);
    take(entry.key, "capture.interfaces", *find_setting("capture.interfaces"), names, entry.key_span);
  }

  SuricataImport& out_;
  std::string rule_path_;
};

}  // namespace

SuricataImport import_suricata_yaml(const std::string& path, Diagnostics& diagnostics) {
  SuricataImport out;
  for (const YamlNode& document : read_yaml_file(path, diagnostics)) {
    if (document.is_map()) Importer(out).read(document);
  }
  return out;
}

}  // namespace bulkhead::config
