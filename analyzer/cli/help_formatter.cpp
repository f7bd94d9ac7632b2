// SPDX-License-Identifier: Apache-2.0
#include "help_formatter.h"

#include <fmt/format.h>

#include <algorithm>

#include "terminal.h"

namespace tsaudit::cli {
namespace {

constexpr size_t kTextColumn = 24;

/// "  --filter EXPR         text that goes on\n                        here\n"
std::string entry(const std::string& name, const std::string& text) {
  std::string out = "  " + name;
  size_t column = out.size();
  if (column + 2 > kTextColumn) {
    out += '\n';
    column = 0;
  }
  out.append(kTextColumn - column, ' ');
  return out + hanging(text, kTextColumn, HelpFormatter::kWidth) + '\n';
}

/// "-h, --help" or "--filter EXPR" or "CAPTURE..."
std::string option_name(const CLI::Option& option) {
  if (option.get_positional()) return option.get_option_text();
  std::string name = option.get_name(false, true);
  if (const size_t comma = name.find(','); comma != std::string::npos) name.insert(comma + 1, " ");
  return option.get_option_text().empty() ? name : name + " " + option.get_option_text();
}

std::string usage(const CLI::App& app, const std::string& name) {
  std::string line = "Usage: " + name;
  line += app.get_subcommands({}).empty() ? " [OPTION]..." : " COMMAND [ARGUMENT]...";
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_positional()) continue;
    const std::string& text = option->get_option_text();
    line += option->get_required() ? " " + text : " [" + text + "]";
  }
  return line + "\n";
}

}  // namespace

std::string HelpFormatter::make_help(const CLI::App* app, std::string name, CLI::AppFormatMode) const {
  std::string out = usage(*app, name) + "\n" + app->get_description() + "\n";
  const auto subcommands = app->get_subcommands({});
  if (!subcommands.empty()) {
    out += "\nCommands:\n";
    for (const CLI::App* command : subcommands) {
      const std::string text = command->get_description();
      out += entry(command->get_name(), text.substr(0, text.find('\n')));
    }
  }
  std::vector<std::string> groups = app->get_groups();
  std::stable_partition(groups.begin(), groups.end(),
                        [](const std::string& group) { return group != kOtherGroup; });
  for (const std::string& group : groups) {
    const auto options =
        app->get_options([&](const CLI::Option* option) { return option->get_group() == group; });
    if (group.empty() || options.empty()) continue;
    out += fmt::format("\n{}:\n", group);
    for (const CLI::Option* option : options) out += entry(option_name(*option), option->get_description());
  }
  if (!app->get_footer().empty()) out += "\n" + app->get_footer();
  return out;
}

}  // namespace tsaudit::cli
