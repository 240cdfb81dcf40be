#include "config/cli/manual.h"

#include <algorithm>
#include <cctype>

namespace bulkhead::config::cli {

namespace {

// Text as roff takes it: no request at a line's begin, minus signs that can be copied.
std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    line_start = c == '\n';
  }
  return out;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

std::string type_of(const CLI::Option& option) {
  if (option.get_type_size() == 0) return "";
  const std::string type = option.get_type_name();
  return type.substr(0, type.find(':'));
}

std::string option_entry(const CLI::Option& option) {
  std::string names;
  if (option.get_positional()) {
    names = "\\fI" + roff(option.get_name(true)) + "\\fR";
  } else {
    for (const auto& name : option.get_snames())
      names += (names.empty() ? "" : ", ") + ("\\fB\\-" + roff(name) + "\\fR");
    for (const auto& name : option.get_lnames())
      names += (names.empty() ? "" : ", ") + ("\\fB\\-\\-" + roff(name) + "\\fR");
    if (const std::string type = type_of(option); !type.empty()) names += " \\fI" + roff(type) + "\\fR";
  }
  return ".TP\n" + names + "\n" + roff(option.get_description()) + "\n";
}

std::string synopsis(const CLI::App& app, const std::string& name) {
  std::string out = "\\fB" + roff(name) + "\\fR";
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_positional()) continue;
    const std::string word = "\\fI" + roff(option->get_name(true)) + "\\fR";
    out += option->get_required() ? " " + word : " [" + word + "]";
  }
  if (!app.get_subcommands({}).empty()) out += " \\fICOMMAND\\fR";
  return out + " [\\fIOPTION\\fR...]\n";
}

std::string full_name(const CLI::App& app) {
  return app.get_parent() == nullptr ? "bulkhead" : full_name(*app.get_parent()) + " " + app.get_name();
}

}  // namespace

std::string manual_text(const CLI::App& app) {
  const std::string name = full_name(app);
  std::string title = name;
  std::replace(title.begin(), title.end(), ' ', '-');
  std::string out = ".TH " + upper(title) + " 8 \"\" \"bulkhead " BULKHEAD_VERSION "\" \"bulkhead\"\n";
  out += ".SH NAME\n" + roff(title) + " \\- " + roff(app.get_description()) + "\n";
  out += ".SH SYNOPSIS\n" + synopsis(app, name);
  const auto below = app.get_subcommands({});
  for (const CLI::App* each : below) {
    if (!app.get_parent()) continue;
    out += ".br\n" + synopsis(*each, full_name(*each));
  }
  std::string options, arguments;
  for (const CLI::Option* option : app.get_options()) {
    (option->get_positional() ? arguments : options) += option_entry(*option);
  }
  if (!arguments.empty()) out += ".SH ARGUMENTS\n" + arguments;
  if (!below.empty()) {
    out += ".SH COMMANDS\n";
    for (const CLI::App* each : below) {
      out += ".TP\n\\fB" + roff(each->get_name()) + "\\fR\n" + roff(each->get_description()) + "\n";
      if (app.get_parent() == nullptr) continue;
      std::string inner;
      for (const CLI::Option* option : each->get_options()) inner += option_entry(*option);
      out += ".RS\n" + inner + ".RE\n";
    }
  }
  if (!options.empty()) out += ".SH OPTIONS\n" + options;
  if (const std::string footer = app.get_footer(); !footer.empty()) {
    out += ".SH NOTES\n.nf\n" + roff(footer) + "\n.fi\n";
  }
  out += ".SH EXIT STATUS\n0 fine, 1 failed while running, 2 bad input.\n";
  if (app.get_parent() != nullptr) return out + ".SH SEE ALSO\n.BR bulkhead (8)\n";
  return out;
}

}  // namespace bulkhead::config::cli
