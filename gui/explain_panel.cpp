// SPDX-License-Identifier: GPL-3.0-or-later
#include "explain_panel.h"

#include <QFontDatabase>
#include <QPlainTextEdit>
#include <QTabBar>
#include <QTextBrowser>
#include <QUrl>

#include "plot_content.h"
#include "qt_text.h"
#include "tsaudit/writers.h"

namespace tsaudit::gui {
namespace {

constexpr size_t kFramesShown = 8;

QString html(std::string_view text) { return text_of(text).toHtmlEscaped(); }

QString frame_links(const std::vector<uint64_t>& frames, uint64_t count) {
  QStringList links;
  for (size_t i = 0; i < std::min(frames.size(), kFramesShown); ++i)
    links << QString("<a href=\"frame:%1\">%1</a>").arg(frames[i]);
  if (count > kFramesShown) links << ExplainPanel::tr("and %1 more").arg(count - kFramesShown);
  return links.join(", ");
}

QPlainTextEdit* fixed_text() {
  auto* edit = new QPlainTextEdit;
  edit->setReadOnly(true);
  edit->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
  edit->setLineWrapMode(QPlainTextEdit::WidgetWidth);
  edit->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  edit->setFrameStyle(QFrame::NoFrame);
  return edit;
}

}  // namespace

ExplainPanel::ExplainPanel(QWidget* parent) : QTabWidget(parent) {
  setDocumentMode(true);
  findings_ = new QTextBrowser;
  findings_->setOpenLinks(false);
  findings_->setFrameStyle(QFrame::NoFrame);
  findings_->setAccessibleName(tr("Findings of the connection"));
  segment_ = fixed_text();
  segment_->setAccessibleName(tr("Explanation of the segment"));
  segment_->setPlaceholderText(tr("Click a segment in a plot or in the table."));
  rule_ = fixed_text();
  rule_->setAccessibleName(tr("Explanation of the rule"));
  rule_->setPlaceholderText(tr("Click the name of a rule among the findings."));
  addTab(findings_, tr("Findings"));
  addTab(segment_, tr("Segment"));
  addTab(rule_, tr("Rule"));
  setMinimumWidth(tabBar()->sizeHint().width());  // the names of all tabs
  connect(findings_, &QTextBrowser::anchorClicked, this, [this](const QUrl& url) {
    if (url.scheme() == "frame") Q_EMIT frame_wanted(url.path().toULongLong());
    if (url.scheme() == "rule") show_rule(url.path());
  });
}

void ExplainPanel::clear_flow() {
  findings_->clear();
  segment_->clear();
}

void ExplainPanel::show_flow(const FlowView& flow, const QString& verdict) {
  QString text;
  const auto report = flow.report();
  if (!report) {
    text = QString("<p>%1</p>")
               .arg(flow.judged() ? verdict.toHtmlEscaped() : tr("This connection is still being read."));
    findings_->setHtml(text);
    return;
  }
  for (const Finding& finding : report->findings) {
    const RuleInfo& rule = rule_info(finding.rule);
    text += QString("<p><b><a href=\"rule:%1\">%1 %2</a></b> (%3%4)<br>%5")
                .arg(html(rule.code), html(rule.name), html(to_string(finding.severity)),
                     finding.from ? ", " + tr("from the %1").arg(html(to_string(*finding.from))) : QString(),
                     html(finding.message));
    if (!finding.frames.empty())
      text += "<br>" + tr("Frames: %1").arg(frame_links(finding.frames, finding.frame_count));
    if (!finding.advice.empty()) text += QString("<br><i>%1</i>").arg(html(finding.advice));
    text += "</p>";
  }
  const auto offer = [&](const QString& what, const std::vector<std::string>& commands) {
    if (commands.empty()) return;
    text += "<p>" + what + "</p><pre style=\"white-space: pre-wrap\">";
    for (const std::string& command : commands) text += html(command) + "\n";
    text += "</pre>";
  };
  for (const DirectionReport& direction : report->directions)
    offer(tr("What would save it:"), offset_commands(*report, direction));
  for (const Migration& migration : report->migrations)
    offer((migration.offset && migration.offset->needed() ? tr("What would have saved it (frame %1):")
                                                          : tr("What continues its old clock (frame %1):"))
              .arg(migration.frame),
          offset_commands(*report, migration));
  if (report->findings.empty()) text += "<p>" + verdict.toHtmlEscaped() + "</p>";
  findings_->setHtml(text);
}

void ExplainPanel::expect(quint64 frame) {
  segment_->setPlainText(tr("Explaining frame %1\u2026").arg(frame));
  setCurrentWidget(segment_);
}

void ExplainPanel::show_explanation(quint64, const QString& text) { segment_->setPlainText(text); }

void ExplainPanel::show_rule(const QString& code) {
  const RuleInfo* rule = find_rule(code.toStdString());
  if (!rule) return;
  WriterOptions options;
  options.width = 90;
  rule_->setPlainText(text_of(explain_text(*rule, options)));
  setCurrentWidget(rule_);
}

QString ExplainPanel::explanation() const { return segment_->toPlainText(); }
QString ExplainPanel::findings() const { return findings_->toPlainText(); }

}  // namespace tsaudit::gui
