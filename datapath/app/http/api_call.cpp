#include "datapath/app/http/api_call.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "datapath/app/json_fields.h"

namespace bulkhead::app::http {
namespace {

constexpr std::size_t kMaxText = 1024, kMaxFlags = 32;

struct Path {
  std::array<std::string_view, 8> parts;
  std::size_t count = 0;
  [[nodiscard]] std::string_view operator[](std::size_t i) const { return i < count ? parts[i] : std::string_view(); }
};
Path split(std::string_view path) {
  Path out;
  std::size_t at = 0;
  while (at < path.size() && out.count < out.parts.size()) {
    at = std::min(path.find_first_not_of('/', at), path.size());
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (end > at) out.parts[out.count++] = path.substr(at, end - at);
    at = end;
  }
  return out;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
// "v1.43", "v4.0.0"
bool is_version(std::string_view part) {
  return part.size() >= 4 && part[0] == 'v' && is_digit(part[1]) && part.find('.') != std::string_view::npos &&
         std::all_of(part.begin() + 1, part.end(), [](char c) { return is_digit(c) || c == '.'; });
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char low = static_cast<char>(c | 0x20);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}
std::string undo_form(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size() && out.size() < kMaxText; ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}
// All values of a name in a query or form, joined by blanks.
std::string form_values(std::string_view form, std::string_view name) {
  std::string out;
  while (!form.empty() && out.size() < kMaxText) {
    const std::size_t end = form.find('&');
    const std::string_view pair = form.substr(0, end);
    form = end == std::string_view::npos ? std::string_view() : form.substr(end + 1);
    if (!pair.starts_with(name) || pair.size() <= name.size() || pair[name.size()] != '=') continue;
    if (!out.empty()) out += ' ';
    out += undo_form(pair.substr(name.size() + 1));
  }
  return out.substr(0, kMaxText);
}

// --- Docker ---

constexpr std::string_view kResources[] = {"containers", "images",       "exec",    "networks", "volumes", "swarm",
                                           "services",   "nodes",        "secrets", "configs",  "plugins", "tasks",
                                           "system",     "distribution", "pods",    "manifests"};
constexpr std::string_view kAlone[] = {"info",  "version", "_ping",   "events", "auth",
                                       "build", "commit",  "session", "grpc"};
// Second parts that are an action on all of a resource, not the name of one.
constexpr std::string_view kCollective[] = {"json",   "create",    "prune",      "search", "load",
                                            "get",    "init",      "join",       "leave",  "update",
                                            "unlock", "unlockkey", "privileges", "pull",   "df"};

template <std::size_t size>
bool is_in(const std::string_view (&list)[size], std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

class CreateReader final : public JsonVisitor {
 public:
  explicit CreateReader(ApiCall& call) : call_(call) {}
  void visit(const JsonValue& v) override {
    using Kind = JsonValue::Kind;
    const bool text = v.kind == Kind::kText;
    if (v.depth == 1 && v.key == "Image" && text) call_.image = v.text;
    if (v.depth == 1 && v.key == "User" && text && !v.text.empty()) flag("user=" + v.text);
    if (v.depth <= 2 && (v.key == "Cmd" || v.key == "Entrypoint") && text) {
      if (!call_.command.empty()) call_.command += ' ';
      call_.command += v.text;
      call_.command.resize(std::min(call_.command.size(), kMaxText));
    }
    if (v.key == "Privileged" && v.kind == Kind::kTrue) flag("privileged");
    if (!text) return;
    if (v.parent == "HostConfig") {
      constexpr std::pair<std::string_view, std::string_view> kModes[] = {
          {"PidMode", "pid="},       {"NetworkMode", "network="}, {"IpcMode", "ipc="},
          {"UsernsMode", "userns="}, {"UTSMode", "uts="},         {"CgroupnsMode", "cgroupns="}};
      for (const auto& [key, word] : kModes) {
        if (v.key == key && (v.text == "host" || v.text.starts_with("container:"))) flag(std::string(word) + v.text);
      }
    }
    if (v.key == "Binds") flag("bind=" + v.text);
    if (v.key == "Source") flag("mount=" + v.text);
    if (v.key == "CapAdd") flag("cap_add=" + v.text);
    if (v.key == "SecurityOpt") flag("security_opt=" + v.text);
    if (v.key == "PathOnHost") flag("device=" + v.text);
  }

 private:
  void flag(std::string text) {
    text.resize(std::min(text.size(), kMaxText));
    if (call_.flags.size() < kMaxFlags) call_.flags.push_back(std::move(text));
  }
  ApiCall& call_;
};

std::string action_of(std::string_view method, bool one) {
  if (method == "DELETE") return "remove";
  if (method == "HEAD") return "head";
  if (method == "PUT") return "put";
  return one ? "inspect" : "list";
}

bool docker_call(const ApiRequest& request, std::string_view path, std::string_view query, ApiCall& call) {
  Path parts = split(path);
  std::size_t at = 0;
  const bool versioned = is_version(parts[0]);
  if (versioned) {
    call.version = parts[0].substr(1);
    at = 1;
    if (parts[1] == "libpod") at = 2;  // Podman
  }
  const std::string_view resource = parts[at], second = parts[at + 1], third = parts[at + 2];
  if (is_in(kAlone, resource) && second.empty()) {
    if (!versioned && resource != "_ping") return false;
    call.operation = resource;
    if (resource == "build") call.image = form_values(query, "t");
    if (resource == "commit") call.object = form_values(query, "container");
    return true;
  }
  if (!is_in(kResources, resource)) return false;
  const bool collective = second.empty() || is_in(kCollective, second);
  const std::string_view last = parts.count > at ? parts[parts.count - 1] : std::string_view();
  // Names of images have slashes: the action is the last part.
  std::string_view action = collective ? second : resource == "images" && parts.count > at + 2 ? last : third;
  if (!versioned) {
    // Without a version only what no other service is likely to have.
    const bool likely = (resource == "containers" && !second.empty() && (collective || !third.empty())) ||
                        (resource == "exec" && (third == "start" || third == "json" || third == "resize") &&
                         std::all_of(second.begin(), second.end(), [](char c) { return hex_value(c) >= 0; })) ||
                        (resource == "images" && (second == "json" || second == "create" || second == "load"));
    if (!likely) return false;
  }
  call.operation = resource;
  call.operation += '/';
  if (action.empty() || action == "json") {
    call.operation += action_of(request.method, !collective);
  } else {
    call.operation += action;
  }
  if (!collective) call.object = second.substr(0, kMaxText);
  if (!collective && resource == "images" && parts.count > at + 2) {  // with the slashes of its name
    call.object =
        std::string(second.data(), static_cast<std::size_t>(last.data() - second.data()) - 1).substr(0, kMaxText);
  }
  if (call.operation == "containers/create") call.object = form_values(query, "name");
  if (call.operation == "images/create") {
    call.image = form_values(query, "fromImage");
    const std::string tag = form_values(query, "tag");
    if (!tag.empty()) call.image += ":" + tag;
  }
  if (request.method == "POST" && !request.body.empty() && request.body[0] == '{' &&
      (call.operation == "containers/create" || call.operation == "containers/exec" || call.operation == "exec/start" ||
       call.operation == "services/create")) {
    CreateReader reader(call);
    static_cast<void>(walk_json(request.body, reader));  // what is cut is read as far as it goes
  }
  return true;
}

// --- kubelet ---

struct KubeletPath {
  std::string_view first, operation;
  std::uint8_t least;  // further parts
  bool any_port;
};
constexpr KubeletPath kKubelet[] = {
    {"run", "run", 3, true},
    {"exec", "exec", 3, true},
    {"attach", "attach", 3, true},
    {"portForward", "port_forward", 2, true},
    {"containerLogs", "container_logs", 3, true},
    {"runningpods", "running_pods", 0, true},
    {"configz", "config", 0, true},
    {"checkpoint", "checkpoint", 3, true},
    {"pods", "pods", 0, false},
    {"logs", "logs", 0, false},
    {"metrics", "metrics", 0, false},
    {"stats", "stats", 0, false},
    {"spec", "spec", 0, false},
    {"healthz", "healthz", 0, false},
    {"debug", "debug", 0, false},
    {"cri", "stream", 2, false},
};

bool kubelet_call(const ApiRequest& request, std::string_view path, std::string_view query, ApiCall& call) {
  const Path parts = split(path);
  const bool its_port = request.server_port == 10250 || request.server_port == 10255;
  for (const KubeletPath& known : kKubelet) {
    if (parts[0] != known.first || parts.count < known.least + 1U || (!known.any_port && !its_port)) continue;
    call.operation = known.operation;
    if (known.least >= 2) {
      call.name_space = parts[1].substr(0, kMaxText);
      call.pod = parts[2].substr(0, kMaxText);
      // /exec/namespace/pod/uid/container is the longer form.
      const bool with_uid = known.least == 3 && known.operation != "container_logs" && parts.count >= 5;
      call.container = parts[with_uid ? 4 : 3].substr(0, kMaxText);
    }
    call.command = form_values(query, known.operation == "run" ? "cmd" : "command");
    if (call.command.empty() && known.operation == "run") call.command = form_values(request.body, "cmd");
    // Such paths are not rare elsewhere: a command or the port makes sure.
    if ((known.operation == "run" || known.operation == "exec" || known.operation == "attach") && !its_port &&
        call.command.empty()) {
      return false;
    }
    return true;
  }
  return false;
}

}  // namespace

ApiCall classify_api_call(const ApiRequest& request) {
  ApiCall call;
  if (request.uri.size() < 5 || request.uri[0] != '/') return call;
  const std::size_t mark = request.uri.find('?');
  const std::string_view path = request.uri.substr(0, mark);
  const std::string_view query = mark == std::string_view::npos ? std::string_view() : request.uri.substr(mark + 1);
  if (docker_call(request, path, query, call)) {
    call.kind = ApiCall::Kind::kDocker;
    return call;
  }
  call = {};
  if (kubelet_call(request, path, query, call)) {
    call.kind = ApiCall::Kind::kKubelet;
  } else {
    call = {};
  }
  return call;
}

void ApiCall::write(JsonText& json) const {
  const auto text = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) json.field(key, value);
  };
  json.open_object();
  text("operation", operation);
  text("api_version", version);
  text("object", object);
  text("image", image);
  text("namespace", name_space);
  text("pod", pod);
  text("container", container);
  text("command", command);
  if (!flags.empty()) {
    json.open_array("flags");
    for (const std::string& flag : flags) json.element(flag);
    json.close_array();
  }
  json.close_object();
}

}  // namespace bulkhead::app::http
