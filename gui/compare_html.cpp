// SPDX-License-Identifier: GPL-3.0-or-later
#include "compare_html.h"

#include <fmt/format.h>

#include <QCoreApplication>
#include <cmath>

#include "axis_text.h"
#include "plot_content.h"
#include "qt_text.h"
#include "tsaudit/rule_table.h"
#include "tsaudit/words.h"

namespace tsaudit::gui {
namespace {

constexpr size_t kShownFindings = 20;

QString in_words(const char* text) { return QCoreApplication::translate("comparison", text); }
QString escaped(std::string_view text) { return text_of(text).toHtmlEscaped(); }

/// Short: three columns have to fit beside the plots.
std::string rate_text(double bytes_per_second) {
  static constexpr std::pair<double, const char*> kUnits[] = {{1e9, "GB/s"}, {1e6, "MB/s"}, {1e3, "kB/s"}};
  for (const auto& [size, unit] : kUnits)
    if (bytes_per_second >= size)
      return fmt::format("{} {}", rounded_number(bytes_per_second / size, 3), unit);
  return fmt::format("{} B/s", rounded_number(bytes_per_second, 3));
}

QString value_text(Metric metric, const std::optional<double>& value) {
  if (!value) return QString::fromUtf8("\u2013");
  if (std::isinf(*value)) return in_words("never");
  switch (unit_of(metric)) {
    case Unit::segments:
      return escaped(grouped(std::llround(*value)));
    case Unit::ns:
      return escaped(duration_text(std::llround(*value)));
    case Unit::ticks:
      return escaped(signed_grouped(std::llround(*value)));
    case Unit::bytes_per_second:
      return escaped(rate_text(*value));
  }
  return {};
}

/// The word for what changed stands under the name, where it takes no width from the numbers.
QString metric_row(Metric metric, const MetricDelta& delta) {
  const bool worse = delta.worse != Severity::none;
  QString name = in_words(metric_title(metric).data()), candidate = value_text(metric, delta.candidate);
  if (worse) candidate = "<b>" + candidate + "</b>";
  if (worse || delta.better) name += worse ? in_words(" <b>(worse)</b>") : in_words(" (better)");
  return QString("<tr><td>%1</td><td align=\"right\">%2</td><td align=\"right\">%3</td></tr>")
      .arg(name, value_text(metric, delta.baseline), candidate);
}

QString finding_text(const Finding& finding) {
  const RuleInfo& rule = rule_info(finding.rule);
  const bool state = finding.baseline_state != BaselineState::none;
  return QString("<p>%1<b>%2 %3</b> (%4%5): %6</p>")
      .arg(state ? escaped(to_string(finding.baseline_state)) + " " : QString(), escaped(rule.code),
           escaped(rule.name), escaped(to_string(finding.severity)),
           finding.from ? in_words(", from the %1").arg(escaped(to_string(*finding.from))) : QString(),
           escaped(finding.message));
}

}  // namespace

QString comparison_html(const FlowDelta& delta) {
  const QString verdict = "<b>" + escaped(to_string(delta.verdict)) + "</b>";
  QString text = "<p>";
  if (delta.baseline && delta.candidate)
    text += in_words("%1 beside flow %2 of the baseline (paired by %3)")
                .arg(verdict)
                .arg(delta.baseline->role.order)
                .arg(escaped(to_string(delta.basis)).replace('-', ' '));
  else
    text += delta.baseline ? in_words("%1: the baseline alone has it").arg(verdict)
                           : in_words("%1: the baseline has none like it").arg(verdict);
  text += "</p>";
  QString rows;
  for (size_t i = 0; i < kMetricCount; ++i)
    if (delta.metrics[i].baseline || delta.metrics[i].candidate)
      rows += metric_row(static_cast<Metric>(i), delta.metrics[i]);
  if (!rows.isEmpty())
    text += QString(
                "<table cellspacing=\"0\" cellpadding=\"2\"><tr><td></td><td align=\"right\"><i>%1</i></td>"
                "<td align=\"right\"><i>%2</i></td></tr>%3</table>")
                .arg(in_words("baseline"), in_words("now"), rows);
  size_t shown = 0;
  for (const Finding& finding : delta.findings) {
    if (finding.rule == RuleId::worse_than_baseline && finding.suppressed.empty())
      continue;  // the table has it
    if (shown++ < kShownFindings) text += finding_text(finding);
  }
  if (shown > kShownFindings)
    text += in_words("<p>%1 more</p>").arg(escaped(counted(shown - kShownFindings, "finding")));
  return text;
}

}  // namespace tsaudit::gui
