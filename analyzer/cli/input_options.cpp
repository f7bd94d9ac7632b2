// SPDX-License-Identifier: Apache-2.0
#include "input_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "command.h"
#include "option_use.h"
#include "signals.h"
#include "suggest.h"

namespace tsaudit::cli {
namespace {

const ReceiverProfile* profile_named(const std::string& option, const std::string& name) {
  if (const ReceiverProfile* profile = find_profile(name)) return profile;
  std::vector<std::string> names;
  for (const ReceiverProfile& profile : receiver_profiles()) names.emplace_back(profile.name);
  std::string known = "auto";
  for (const std::string& each : names) known += ", " + each;
  const std::string guess = nearest(name, names);
  throw CLI::ValidationError(
      option, fmt::format("no receiver profile is called '{}'{}; there are {}", name,
                          guess.empty() ? "" : fmt::format(" (did you mean {}?)", guess), known));
}

void add_receiver(AnalysisOptions& analysis, const std::string& text) {
  const size_t equals = text.find('=');
  IpAddress address;
  if (equals == std::string::npos || !parse_ip(text.substr(0, equals), address)) {
    throw CLI::ValidationError("--receiver",
                               fmt::format("'{}' is not ADDR=PROFILE, such as 10.0.0.2=linux-5.10", text));
  }
  analysis.receivers.emplace_back(address, profile_named("--receiver", text.substr(equals + 1)));
}

void add_capture_point(AnalysisOptions& analysis, const std::string& text) {
  IpAddress address;
  if (text == "way") {
    analysis.captured_on_the_way = true;
  } else if (parse_ip(text, address)) {
    analysis.captured_at.push_back(address);
  } else {
    throw CLI::ValidationError("--captured-at", fmt::format("'{}' is neither an address nor 'way'", text));
  }
}

/// Was it not read to its end? One that is cut short may be allowed.
bool is_broken(const CaptureInfo& capture, const InputOptions& options) {
  const bool cut_short = capture.truncated && (!capture.error || capture.error->code == Errc::truncated);
  return (capture.error || capture.truncated) && !(cut_short && options.allow_truncated);
}

}  // namespace

void complain(std::string_view what) { std::fputs(fmt::format("tsaudit: {}\n", what).c_str(), stderr); }

CLI::Validator whole_number(uint64_t min, uint64_t max) {
  return CLI::Validator(
      [=](const std::string& text) {
        uint64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error == std::errc() && end == text.data() + text.size() && number >= min && number <= max) {
          return std::string();
        }
        return max == UINT64_MAX ? fmt::format("'{}' is no whole number from {} on", text, min)
                                 : fmt::format("'{}' is no whole number from {} to {}", text, min, max);
      },
      "");
}

void add_captures(CLI::App& command, InputOptions& options, bool required) {
  command
      .add_option("captures", options.captures,
                  "pcap or pcapng file; several are read as one, by time; - is stdin")
      ->required(required)
      ->option_text("CAPTURE...")
      ->group("Input");
}

void add_color(CLI::App& command, ColorChoice& choice) {
  static const std::map<std::string, ColorChoice> kChoices = {
      {"auto", ColorChoice::automatic}, {"always", ColorChoice::always}, {"never", ColorChoice::never}};
  command
      .add_option_function<std::string>(
          "--color",
          [&choice](const std::string& text) {
            const auto found = kChoices.find(text);
            if (found == kChoices.end()) {
              throw CLI::ValidationError("--color", fmt::format("'{}' is none of auto, always, never", text));
            }
            choice = found->second;
          },
          "auto (on a terminal, unless NO_COLOR is set), always or never")
      ->option_text("WHEN")
      ->group("Output");
}

void InputOptions::add_to(CLI::App& command) {
  add_live_to(command);
  command.add_flag("--allow-truncated", allow_truncated, "a capture cut short is no error")->group("Input");
  command
      .add_option("--cut", analysis.cuts,
                  "the sender of this frame is a new host from here on; may be repeated")
      ->check(whole_number(1))
      ->allow_extra_args(false)
      ->option_text("FRAME")
      ->group("Analysis");
}

void InputOptions::add_live_to(CLI::App& command) {
  command.add_option("--filter", filter, "only packets that this BPF expression matches, as for tcpdump")
      ->option_text("EXPR")
      ->group("Input");
  command
      .add_option(
          "--max-flows", analysis.max_flows,
          fmt::format("connections followed at once; beyond it the longest idle is closed and counted "
                      "(default {})",
                      analysis.max_flows))
      ->check(whole_number(1, uint64_t{1} << 32))
      ->option_text("N")
      ->group("Input");

  command
      .add_option_function<std::string>(
          "--profile",
          [this](const std::string& name) {
            analysis.profile = name == "auto" ? nullptr : profile_named("--profile", name);
          },
          "receiver to assume, such as linux-6.12, freebsd or rfc7323 (default auto: what the evidence "
          "supports)")
      ->option_text("NAME")
      ->group("Analysis");
  command
      .add_option_function<std::vector<std::string>>(
          "--receiver",
          [this](const std::vector<std::string>& all) {
            for (const std::string& each : all) add_receiver(analysis, each);
            told_receivers = analysis.receivers.size();
          },
          "the same for one address, such as 10.0.0.2=linux-5.10; may be repeated")
      ->allow_extra_args(false)
      ->option_text("ADDR=PROFILE")
      ->group("Analysis");
  command
      .add_option_function<std::vector<std::string>>(
          "--captured-at",
          [this](const std::vector<std::string>& all) {
            for (const std::string& each : all) add_capture_point(analysis, each);
          },
          "the address of the host that the capture was taken on, or 'way' for neither end of the connections; may "
          "be repeated (default: estimated from the timing)")
      ->allow_extra_args(false)
      ->option_text("ADDR|way")
      ->group("Analysis");
  command.add_flag("-q,--quiet", quiet, "no progress and no remarks on stderr; errors are shown")
      ->group("Output");
}

CommandHint InputOptions::command_hint() const {
  return captures.size() == 1 && captures[0] != "-" ? command_hint(captures[0]) : CommandHint();
}

CommandHint InputOptions::command_hint(const std::string& capture) const {
  CommandHint hint{.capture = capture};
  const auto add = [&](const char* option, std::string_view value) {
    hint.options.emplace_back(option);
    hint.options.emplace_back(value);
  };
  if (!filter.empty()) add("--filter", filter);
  if (analysis.profile) add("--profile", analysis.profile->name);
  for (const auto& [address, profile] : analysis.receivers)
    add("--receiver", fmt::format("{}={}", to_string(address), profile->name));
  for (const IpAddress& address : analysis.captured_at) add("--captured-at", to_string(address));
  if (analysis.captured_on_the_way) add("--captured-at", "way");
  for (const uint64_t frame : analysis.cuts) add("--cut", std::to_string(frame));
  return hint;
}

WriterOptions writer_options(const InputOptions& input, ColorChoice color) {
  return {.color = use_color(color), .width = output_width(), .command_hint = input.command_hint()};
}

std::unique_ptr<PacketSource> open(const InputOptions& options, ExitCode& code) {
  auto source = open_captures(options.captures, {.filter = options.filter});
  if (source) return std::move(source).value();
  code = refuse_input(source.error());
  return nullptr;
}

ExitCode refuse_input(const Error& error) {
  complain(error.message);
  return error.code == Errc::bad_filter     ? ExitCode::usage
         : error.code == Errc::write_failed ? ExitCode::internal
                                            : ExitCode::input;
}

Summary run(PacketSource& source, const InputOptions& options, Sink& sink, OptionUse* use) {
  OptionUse own_use(options);
  WatchedSink watched(sink, use ? *use : own_use);
  Sink& taken = own_use.all_met() ? sink : watched;
  ProgressLine line(options.quiet);
  Summary summary = analyze(
      source, options.analysis, taken, [&](const Progress& now) { line.show(now); }, &interrupted);
  line.erase();
  if (!use && !interrupted) own_use.complain_of_rest();
  return summary;
}

ExitCode report_input(const Summary& summary, const InputOptions& options) {
  ExitCode code = ExitCode::ok;
  for (const CaptureInfo& capture : summary.captures) {
    if (!is_broken(capture, options)) continue;
    complain(capture.error ? capture.error->message : fmt::format("{}: ends inside a packet", capture.name));
    const bool in_writing = capture.error && capture.error->code == Errc::write_failed;
    code = worse(code, in_writing ? ExitCode::internal : ExitCode::input);
  }
  if (!interrupted) return code;
  complain("interrupted");
  return ExitCode::interrupted;
}

std::string unread(const Summary& summary, const InputOptions& options) {
  if (summary.stopped_at_frame != 0) return fmt::format("interrupted at frame {}", summary.stopped_at_frame);
  const bool broken = std::ranges::any_of(
      summary.captures, [&](const CaptureInfo& capture) { return is_broken(capture, options); });
  return broken ? "not all of the input could be read" : "";
}

}  // namespace tsaudit::cli
