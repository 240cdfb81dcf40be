// Completion and manual are made from one grammar; the program's own is tested by its output.
#include "config/cli/completion.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>

#include "config/cli/manual.h"

namespace bulkhead::config::cli {
namespace {

class Grammar : public ::testing::Test {
 protected:
  Grammar() {
    CLI::App& status = *app.add_subcommand("status", "What's [running]: and since when");
    status.add_flag("--json", json, "As JSON");
    CLI::App& blocks = *app.add_subcommand("blocks", "Blocks");
    CLI::App& add = *blocks.add_subcommand("add", "Make one");
    add.add_option("FROM", text, "An address")->required();
    add.add_option("-c,--config", text, ".Settings with a \\ in it")->type_name("FILE");
    app.footer("Example: bulkhead status");
  }
  static bool accepts(const std::string& shell, const std::string& script) {
    const std::string path = ::testing::TempDir() + "bulkhead_completion." + shell;
    std::ofstream(path) << script;
    return std::system((shell + " -n " + path + " 2>&1").c_str()) == 0;
  }
  static std::string output(const std::string& command) {
    std::string out;
    FILE* pipe = ::popen(command.c_str(), "r");
    std::array<char, 4096> chunk{};
    for (std::size_t n = 0; (n = std::fread(chunk.data(), 1, chunk.size(), pipe)) > 0;) out.append(chunk.data(), n);
    ::pclose(pipe);
    return out;
  }
  CLI::App app{"A program", "bulkhead"};
  bool json = false;
  std::string text;
};

TEST_F(Grammar, BashCompletesCommandsOptionsAndWhatIsBelow) {
  const std::string script = completion_text("bash", app);
  ASSERT_TRUE(accepts("bash", script)) << script;
  const std::string path = ::testing::TempDir() + "bulkhead_completion.bash";
  const auto completed = [&](const std::string& words, int at) {
    return output("bash -c 'source " + path + "; COMP_WORDS=(" + words + "); COMP_CWORD=" + std::to_string(at) +
                  "; _bulkhead; echo ${COMPREPLY[*]}'");
  };
  EXPECT_EQ(completed("bulkhead st", 1), "status\n");
  EXPECT_EQ(completed("bulkhead status --", 2), "--help --json\n");
  EXPECT_EQ(completed("bulkhead blocks a", 2), "add\n");
  EXPECT_EQ(completed("bulkhead blocks add --c", 3), "--config\n");
  EXPECT_EQ(completed("bulkhead blocks add --config " + path.substr(0, path.size() - 2), 4), path + "\n");
}

TEST_F(Grammar, WordsThatACommandTakesAreCompleted) {
  const ArgumentWords words = {{"status", {"scan", "lint-shadowed"}}};
  const std::string script = completion_text("bash", app, words);
  ASSERT_TRUE(accepts("bash", script)) << script;
  const std::string path = ::testing::TempDir() + "bulkhead_completion.bash";
  EXPECT_EQ(output("bash -c 'source " + path +
                   "; COMP_WORDS=(bulkhead status l); COMP_CWORD=2; _bulkhead; echo ${COMPREPLY[*]}'"),
            "lint-shadowed\n");
  EXPECT_NE(completion_text("zsh", app, words).find("'scan' 'lint-shadowed'"), std::string::npos);
  EXPECT_NE(completion_text("fish", app, words).find("-a 'scan lint-shadowed'"), std::string::npos);
}

TEST_F(Grammar, ZshAndFishHaveEveryCommandAndOption) {
  for (const char* shell : {"zsh", "fish"}) {
    const std::string script = completion_text(shell, app);
    for (const char* word : {"status", "blocks", "add", "json", "config"}) {
      EXPECT_NE(script.find(word), std::string::npos) << shell << " " << word;
    }
    if (std::system((std::string("command -v ") + shell + " >/dev/null 2>&1").c_str()) == 0) {
      EXPECT_TRUE(accepts(shell, script)) << script;
    }
  }
}

TEST_F(Grammar, TheManualIsRoffThatNothingInTheTextBreaks) {
  const CLI::App& add = *app.get_subcommand("blocks")->get_subcommand("add");
  const std::string page = manual_text(add);
  EXPECT_NE(page.find(".TH BULKHEAD-BLOCKS-ADD 8"), std::string::npos) << page;
  EXPECT_NE(page.find("\n\\&.Settings with a \\e in it"), std::string::npos) << page;
  EXPECT_NE(page.find("\\fB\\-c\\fR, \\fB\\-\\-config\\fR \\fIFILE\\fR"), std::string::npos) << page;
  const std::string whole = manual_text(app);
  EXPECT_NE(whole.find(".SH COMMANDS"), std::string::npos);
  EXPECT_NE(whole.find("Example: bulkhead status"), std::string::npos);
}

}  // namespace
}  // namespace bulkhead::config::cli
