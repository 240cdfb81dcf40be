#include "config/cli/completion.h"

#include <algorithm>
#include <vector>

namespace bulkhead::config::cli {

namespace {

struct Flag {
  std::string name;  // with its dashes
  std::string help;
  bool takes_file = false, takes_value = false;
};

// Commands with their options; "blocks add" is a command of its own.
struct Command {
  std::string name;
  std::string help;
  std::vector<Flag> flags;
  std::vector<std::string> words;      // commands below
  std::vector<std::string> arguments;  // what else may stand there
};

void add_command(const CLI::App& app, const std::string& prefix, std::vector<Command>& out) {
  Command command;
  command.name = prefix;
  command.help = app.get_description();
  for (const CLI::Option* option : app.get_options()) {
    const std::string type = option->get_type_size() == 0 ? "" : option->get_type_name();
    const bool file = type.starts_with("FILE") || type.starts_with("DIR") || type.starts_with("PATH");
    const bool value = option->get_type_size() != 0;
    for (const auto& name : option->get_lnames()) {
      command.flags.push_back({"--" + name, option->get_description(), file, value});
    }
    for (const auto& name : option->get_snames()) {
      command.flags.push_back({"-" + name, option->get_description(), file, value});
    }
  }
  for (const CLI::App* below : app.get_subcommands({})) command.words.push_back(below->get_name());
  out.push_back(std::move(command));
  for (const CLI::App* below : app.get_subcommands({})) {
    add_command(*below, prefix.empty() ? below->get_name() : prefix + " " + below->get_name(), out);
  }
}

std::string shell_word(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c == '\n' ? ' ' : c;
    }
  }
  return out + "'";
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::string bash_text(const std::vector<Command>& commands) {
  std::string out =
      "# bash completion of bulkhead\n_bulkhead() {\n  local current=${COMP_WORDS[COMP_CWORD]} path= word\n"
      "  local previous=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \" ${path}/${word} \" in\n";
  for (const Command& c : commands) {
    if (c.name.empty()) continue;
    std::string name = c.name, path;
    const std::size_t space = name.find(' ');
    if (space != std::string::npos) {
      path = name.substr(0, space);
      name = name.substr(space + 1);
    }
    out += "      " + shell_word(" " + path + "/" + name + " ") + ") path=" + shell_word(c.name) + " ;;\n";
  }
  out += "    esac\n  done\n  case \"$path $previous\" in\n";
  for (const Command& c : commands) {
    for (const Flag& f : c.flags) {
      if (f.takes_file) {
        out += "    " + shell_word(c.name + " " + f.name) +
               ") mapfile -t COMPREPLY < <(compgen -f -- \"$current\"); return ;;\n";
      }
    }
  }
  out += "  esac\n  local words=\n  case $path in\n";
  for (const Command& c : commands) {
    std::vector<std::string> words = c.words;
    words.insert(words.end(), c.arguments.begin(), c.arguments.end());
    for (const Flag& f : c.flags) words.push_back(f.name);
    out += "    " + shell_word(c.name) + ") words=" + shell_word(joined(words)) + " ;;\n";
  }
  return out +
         "  esac\n  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n}\n"
         "complete -o default -F _bulkhead bulkhead\n";
}

// In zsh a description stands behind a colon; brackets and colons of ours are in the way.
std::string zsh_help(std::string_view help) {
  std::string out;
  for (const char c : help) out += c == ':' || c == '[' || c == ']' || c == '\n' ? ' ' : c;
  return out;
}

std::string zsh_text(const std::vector<Command>& commands) {
  std::string out =
      "#compdef bulkhead\n_bulkhead() {\n  local path= word\n  for word in ${words[2,CURRENT-1]}; do\n"
      "    case \" ${path}/${word} \" in\n";
  for (const Command& c : commands) {
    if (c.name.empty()) continue;
    const std::size_t space = c.name.find(' ');
    const std::string path = space == std::string::npos ? "" : c.name.substr(0, space);
    const std::string name = space == std::string::npos ? c.name : c.name.substr(space + 1);
    out += "      " + shell_word(" " + path + "/" + name + " ") + ") path=" + shell_word(c.name) + " ;;\n";
  }
  out += "    esac\n  done\n  local -a list\n  case $path in\n";
  for (const Command& c : commands) {
    out += "    " + shell_word(c.name) + ") list=(";
    for (const Command& below : commands) {
      const std::string prefix = c.name.empty() ? "" : c.name + " ";
      if (below.name.empty() || !below.name.starts_with(prefix) || below.name == c.name) continue;
      const std::string rest = below.name.substr(prefix.size());
      if (rest.find(' ') == std::string::npos) out += shell_word(rest + ":" + zsh_help(below.help)) + " ";
    }
    for (const std::string& word : c.arguments) out += shell_word(word) + " ";
    for (const Flag& f : c.flags) out += shell_word(f.name + ":" + zsh_help(f.help)) + " ";
    out += ") ;;\n";
  }
  return out + "  esac\n  _describe bulkhead list\n  _files\n}\ncompdef _bulkhead bulkhead\n";
}

std::string fish_text(const std::vector<Command>& commands) {
  std::string out = "# fish completion of bulkhead\n";
  for (const Command& c : commands) {
    const std::size_t space = c.name.find(' ');
    std::string condition = "__fish_use_subcommand";
    if (!c.name.empty()) {
      const std::string first = c.name.substr(0, space);
      condition = "__fish_seen_subcommand_from " + first;
      if (space != std::string::npos) condition += "; and __fish_seen_subcommand_from " + c.name.substr(space + 1);
    }
    for (const Command& below : commands) {
      const std::string prefix = c.name.empty() ? "" : c.name + " ";
      if (below.name.empty() || !below.name.starts_with(prefix) || below.name == c.name) continue;
      const std::string rest = below.name.substr(prefix.size());
      if (rest.find(' ') != std::string::npos) continue;
      out += "complete -c bulkhead -f -n " + shell_word(condition) + " -a " + shell_word(rest) + " -d " +
             shell_word(below.help) + "\n";
    }
    if (!c.arguments.empty()) {
      out += "complete -c bulkhead -f -n " + shell_word(condition) + " -a " + shell_word(joined(c.arguments)) + "\n";
    }
    for (const Flag& f : c.flags) {
      const bool is_long = f.name.starts_with("--");
      out += "complete -c bulkhead -n " + shell_word(condition) + (is_long ? " -l " : " -s ") +
             f.name.substr(is_long ? 2 : 1) + (f.takes_value ? f.takes_file ? " -r -F" : " -x" : " -f") + " -d " +
             shell_word(f.help) + "\n";
    }
  }
  return out;
}

}  // namespace

std::string completion_text(const std::string& shell, const CLI::App& app, const ArgumentWords& arguments) {
  std::vector<Command> commands;
  add_command(app, "", commands);
  for (Command& command : commands) {
    const auto found = arguments.find(command.name);
    if (found != arguments.end()) command.arguments = found->second;
  }
  if (shell == "zsh") return zsh_text(commands);
  return shell == "fish" ? fish_text(commands) : bash_text(commands);
}

}  // namespace bulkhead::config::cli
