// SPDX-License-Identifier: Apache-2.0
// Where reports go: stdout in one format, files in others, all made in one pass.
#pragma once

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "file_roles.h"
#include "format_option.h"
#include "output_file.h"
#include "terminal.h"
#include "tsaudit/writers.h"

namespace tsaudit::cli {

struct ReportOptions {
  ReportFormat format = ReportFormat::text;
  ColorChoice color = ColorChoice::automatic;
  std::array<std::string, kFormats.size()> files;  ///< --text-out and so on, in the order of kFormats

  /// Adds --format, --color and the --X-out.
  void add_to(CLI::App& command);
  /// Throws UsageError for files that cannot be what they are to be.
  void check(FileRoles& roles) const;
};

class ReportFiles {
 public:
  struct Target {
    ReportFormat format;
    std::FILE* file;
    WriterOptions options;
  };

  /// Throws OutputError for a file that cannot be written.
  ReportFiles(const ReportOptions& options, const CommandHint& command_hint, Severity fail_on);
  /// The files in the order of kFormats, stdout last.
  const std::vector<Target>& targets() const { return targets_; }
  /// What was written to a target is complete. Throws OutputError when it did not arrive.
  void commit(size_t target);

 private:
  std::vector<std::unique_ptr<OutputFile>> files_;
  std::vector<Target> targets_;
};

/// A writer for each target; Writer is a ReportWriter or a CompareWriter.
template <class Writer>
class Writers {
 public:
  using Make = std::unique_ptr<Writer> (*)(ReportFormat, std::FILE*, const WriterOptions&);
  Writers(Make make, const ReportOptions& options, const CommandHint& command_hint, Severity fail_on)
      : files_(options, command_hint, fail_on) {
    for (const auto& target : files_.targets())
      writers_.push_back(make(target.format, target.file, target.options));
  }
  template <class Flow>
  void flow(const Flow& flow) {
    for (const auto& writer : writers_) writer->flow(flow);
  }
  /// Files first: they are complete even if the reader of stdout goes away.
  template <class Summary>
  void finish(const Summary& summary) {
    for (size_t i = 0; i < writers_.size(); ++i) {
      writers_[i]->finish(summary);
      files_.commit(i);
    }
  }

 private:
  ReportFiles files_;
  std::vector<std::unique_ptr<Writer>> writers_;  ///< go before their files
};

}  // namespace tsaudit::cli
