// SPDX-License-Identifier: Apache-2.0
// tsaudit verify-offset: did what lies between two captures do its work, and nothing else?
#include <fmt/format.h>

#include <memory>

#include "command.h"
#include "file_roles.h"
#include "input_options.h"
#include "output_file.h"
#include "signals.h"
#include "tsaudit/verify.h"

namespace tsaudit::cli {
namespace {

struct VerifyOffsetOptions {
  std::vector<std::string> inside, outside;
  std::string filter, table, json_file;
  bool allow_truncated = false, quiet = false, json = false;
  ColorChoice color = ColorChoice::automatic;
  Severity fail_on = Severity::error;
  uint64_t min_flows = 1;
  VerifyOptions verify;
};

std::unique_ptr<PacketSource> open_side(const std::vector<std::string>& paths, const VerifyOffsetOptions& options,
                                        ExitCode& code) {
  InputOptions input;
  input.captures = paths;
  input.filter = options.filter;
  return open(input, code);
}

ExitCode inputs(const VerifyReport& report, const VerifyOffsetOptions& options) {
  InputOptions input;
  input.allow_truncated = options.allow_truncated;
  Summary summary;
  summary.captures = report.inside;
  summary.captures.insert(summary.captures.end(), report.outside.begin(), report.outside.end());
  return report_input(summary, input);
}

/// No gate is green for having seen nothing.
ExitCode gate(const VerifyOffsetOptions& options, const VerifyReport& report) {
  ExitCode code = ExitCode::ok;
  const auto fail = [&](const std::string& why) {
    if (!options.quiet) complain("gate: " + why);
    code = ExitCode::findings;
  };
  if (report.worst >= options.fail_on)
    fail(fmt::format("there are findings of severity {} (--fail-on {})", to_string(report.worst),
                     to_string(options.fail_on)));
  if (report.ts_connections < options.min_flows)
    fail(fmt::format("{} connections with timestamps in both captures, but {} wanted (--min-flows)",
                     report.ts_connections, options.min_flows));
  return code;
}

ExitCode verify(VerifyOffsetOptions& options) {
  if (!options.table.empty()) {
    auto table = read_offset_table(options.table);
    if (!table) {
      complain(table.error().message);
      return table.error().code == Errc::cannot_open ? ExitCode::input : ExitCode::usage;
    }
    options.verify.table = std::move(table).value();
  }
  ExitCode code = ExitCode::ok;
  const auto inside = open_side(options.inside, options, code);
  if (!inside) return code;
  const auto outside = open_side(options.outside, options, code);
  if (!outside) return code;
  const VerifyReport report = verify_offset(*inside, *outside, options.verify, &interrupted);
  if (!options.json_file.empty()) {
    OutputFile file(options.json_file);
    write_verify_json(report, file.file());
    file.commit();
  }
  if (options.json) {
    write_verify_json(report, stdout);
  } else {
    write_verify_text(report, stdout,
                      {.color = use_color(options.color), .width = output_width(), .command_hint = {}});
  }
  check_stdout();
  return worse(inputs(report, options), gate(options, report));
}

}  // namespace

void add_verify_offset(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("verify-offset",
                         "Proves from two captures that timestamps are rewritten by one offset alone.\n"
                         "\n"
                         "Examples:\n"
                         "  tsaudit verify-offset --inside guest.pcap --outside wire.pcap\n"
                         "  tsaudit verify-offset --inside a.pcap --outside b.pcap --table offsets.json");
  const auto options = std::make_shared<VerifyOffsetOptions>();
  command->add_option("--inside", options->inside, "taken where timestamps are the host's own")
      ->required()
      ->allow_extra_args(false)
      ->option_text("CAPTURE")
      ->group("Input");
  command
      ->add_option("--outside", options->outside,
                   "taken where they are rewritten; may be repeated, as --inside")
      ->required()
      ->allow_extra_args(false)
      ->option_text("CAPTURE")
      ->group("Input");
  command
      ->add_option("--table", options->table,
                   "what 'tsoffset -j show' printed; without it offsets are inferred")
      ->option_text("FILE")
      ->group("Input");
  command
      ->add_option("--filter", options->filter,
                   "only packets that this BPF expression matches, as for tcpdump")
      ->option_text("EXPR")
      ->group("Input");
  command->add_flag("--allow-truncated", options->allow_truncated, "a capture cut short is no error")
      ->group("Input");
  command
      ->add_option_function<std::string>(
          "-f,--format",
          [options](const std::string& text) {
            if (text != "text" && text != "json")
              throw CLI::ValidationError("--format", "'" + text + "' is neither text nor json");
            options->json = text == "json";
          },
          "of stdout: text (default) or json")
      ->option_text("FORMAT")
      ->group("Output");
  command->add_option("--json-out", options->json_file, "also write JSON to this file")
      ->option_text("FILE")
      ->group("Output");
  add_color(*command, options->color);
  command->add_flag("-q,--quiet", options->quiet, "no remarks on stderr; errors are shown")->group("Output");
  command
      ->add_option_function<std::string>(
          "--fail-on",
          [options](const std::string& text) {
            const auto severity = parse_severity(text);
            if (!severity || *severity == Severity::none)
              throw CLI::ValidationError("--fail-on",
                                         fmt::format("'{}' is none of note, warning, error", text));
            options->fail_on = *severity;
          },
          "exit with 1 if there is a finding of this severity or above: note, warning or error (default)")
      ->option_text("SEVERITY")
      ->group("Gate");
  command
      ->add_option("--min-flows", options->min_flows,
                   "exit with 1 if fewer connections with timestamps are in both captures (default 1)")
      ->check(whole_number(0))
      ->option_text("N")
      ->group("Gate");
  command
      ->add_option("--allow-loss", options->verify.allow_loss,
                   "so many packets may be in one capture alone (default 0)")
      ->check(whole_number(0))
      ->option_text("N")
      ->group("Gate");
  command->footer(kExitCodeHelp);
  command->callback([options, &action] {
    FileRoles roles;
    roles.reads(options->inside);
    roles.reads(options->outside);
    roles.reads(options->table);
    roles.writes("--json-out", options->json_file);
    action = [options] { return verify(*options); };
  });
}

}  // namespace tsaudit::cli
