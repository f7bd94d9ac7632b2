// SPDX-License-Identifier: Apache-2.0
// tsaudit explain: what a rule means, or what became of one segment and by which tests.
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "command.h"
#include "input_options.h"
#include "output_file.h"
#include "suggest.h"

namespace tsaudit::cli {
namespace {

struct ExplainOptions {
  InputOptions input;  ///< `captures` holds rules when there is no frame
  ColorChoice color = ColorChoice::automatic;
  uint64_t frame = 0;
  bool all = false;
  bool markdown = false;
};

/// The explanation is made when the segment passes; what its receiver did about it shows only later.
class OneSegment : public Sink {
 public:
  explicit OneSegment(uint64_t frame) : frame_(frame) {}
  bool wants_segments() const override { return true; }
  void segment(const SegmentRow& row) override {
    if (row.frame == frame_) row_ = row;
  }
  void explanation(const Explanation& explanation) override { explanation_ = explanation; }
  std::optional<Explanation> result() const {
    std::optional<Explanation> out = explanation_;
    if (out && row_) out->row = *row_;
    return out;
  }

 private:
  uint64_t frame_;
  std::optional<Explanation> explanation_;
  std::optional<SegmentRow> row_;
};

ExitCode explain_segment(const ExplainOptions& options) {
  ExitCode code = ExitCode::ok;
  const auto source = open(options.input, code);
  if (!source) return code;
  OneSegment sink(options.frame);
  const Summary summary = run(*source, options.input, sink);
  code = report_input(summary, options.input);
  if (const auto explanation = sink.result()) {
    std::fputs(explain_text(*explanation, writer_options(options.input, options.color)).c_str(), stdout);
    check_stdout();
    return code;
  }
  if (summary.copy_of_frame != 0) {
    complain(fmt::format(
        "{}: frame {} is a copy; another point of the capture showed that segment in frame {} or soon after",
        options.input.captures.front(), options.frame, summary.copy_of_frame));
    return worse(code, ExitCode::usage);
  }
  complain(fmt::format("{}: frame {} is no TCP segment that could be read ({} packets, {} TCP segments)",
                       options.input.captures.front(), options.frame, summary.totals.packets,
                       summary.totals.segments));
  return worse(code, ExitCode::usage);
}

const RuleInfo& rule_named(const std::string& name) {
  if (const RuleInfo* rule = find_rule(name)) return *rule;
  std::vector<std::string> known;
  for (const RuleInfo& rule : rule_table()) {
    known.emplace_back(rule.code);
    known.emplace_back(rule.name);
  }
  const std::string guess = nearest(name, known);
  throw UsageError(fmt::format("there is no rule '{}'{}; for a segment of a capture add --frame N", name,
                               guess.empty() ? "" : fmt::format(" (did you mean {}?)", guess)));
}

ExitCode explain_rules(const ExplainOptions& options) {
  if (options.markdown) {
    std::fputs(rules_markdown().c_str(), stdout);
  } else {
    std::vector<const RuleInfo*> rules;
    for (const std::string& name : options.input.captures) rules.push_back(&rule_named(name));
    if (options.all) {
      for (const RuleInfo& rule : rule_table()) rules.push_back(&rule);
    }
    const WriterOptions writer = writer_options(options.input, options.color);
    for (size_t i = 0; i < rules.size(); ++i) {
      std::fputs(((i == 0 ? "" : "\n\n") + explain_text(*rules[i], writer)).c_str(), stdout);
    }
  }
  check_stdout();
  return ExitCode::ok;
}

void check(const ExplainOptions& options) {
  const bool named = !options.input.captures.empty();
  if (options.all && (named || options.frame != 0)) throw UsageError("--all stands alone");
  if (options.markdown && !options.all) throw UsageError("--format markdown is for --all");
  if (!options.all && !named)
    throw UsageError("explain what? A rule such as TS001, a capture with --frame N, or --all");
}

}  // namespace

void add_explain(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("explain",
                         "Explains a rule, or one segment: state before, tests, state after.\n"
                         "\n"
                         "Examples:\n"
                         "  tsaudit explain TS001\n"
                         "  tsaudit explain migration.pcapng --frame 812");
  const auto options = std::make_shared<ExplainOptions>();
  command->add_option("what", options->input.captures, "rule id or name; with --frame a capture")
      ->option_text("RULE|CAPTURE...")
      ->group("Input");
  command->add_option("--frame", options->frame, "the packet to explain, counted from 1 as Wireshark does")
      ->check(whole_number(1))
      ->option_text("N")
      ->group("Input");
  command->add_flag("--all", options->all, "every rule")->group("Input");
  options->input.add_to(*command);
  command
      ->add_option_function<std::string>(
          "-f,--format",
          [options](const std::string& text) {
            if (text != "text" && text != "markdown") {
              throw CLI::ValidationError("--format", fmt::format("'{}' is none of text, markdown", text));
            }
            options->markdown = text == "markdown";
          },
          "text (default); with --all also markdown")
      ->option_text("FORMAT")
      ->group("Output");
  add_color(*command, options->color);
  command->footer(kExitCodeHelp);
  command->callback([options, &action] {
    check(*options);
    options->input.analysis.explain_frame = options->frame;
    action = [options] { return options->frame != 0 ? explain_segment(*options) : explain_rules(*options); };
  });
}

}  // namespace tsaudit::cli
