// SPDX-License-Identifier: GPL-3.0-or-later
// tsaudit-gui: the command line.
#include <QAction>
#include <QApplication>
#include <QCommandLineParser>
#include <QSettings>
#include <QTemporaryDir>
#include <algorithm>
#include <cstdio>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "actions.h"
#include "main_window.h"
#include "screenshot.h"
#include "settings.h"
#include "theme.h"

namespace {

/// Said before there is a QApplication: which platform to use depends on it.
bool asks_for(std::initializer_list<std::string_view> options, int argc, char** argv) {
  const auto asks = [&](std::string_view argument) {
    return std::any_of(options.begin(), options.end(),
                       [&](auto option) { return argument.starts_with(option); });
  };
  return std::any_of(argv + 1, argv + argc, asks);
}

/// The offscreen platform remarks on each window that it cannot pass on size hints. It need not.
void without_remarks(QtMsgType type, const QMessageLogContext& context, const QString& text) {
  if (!text.contains("propagateSizeHints"))
    std::fprintf(stderr, "%s\n", qPrintable(qFormatLogMessage(type, context, text)));
}

int usage(const QString& text) {
  std::fprintf(stderr, "tsaudit-gui: %s\n", qPrintable(text));
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace tsaudit::gui;
  const bool screenshot = asks_for({"--screenshot"}, argc, argv);
  if (screenshot || asks_for({"--help", "-h", "--version", "-v"}, argc, argv)) {
    qputenv("QT_QPA_PLATFORM", "offscreen");
    qInstallMessageHandler(without_remarks);
  }
  QApplication::setHighDpiScaleFactorRoundingPolicy(Qt::HighDpiScaleFactorRoundingPolicy::PassThrough);
  QApplication app(argc, argv);
  QApplication::setApplicationName("tsaudit-gui");
  QApplication::setOrganizationName("tsaudit");
  QApplication::setApplicationVersion(TSAUDIT_VERSION);
  QApplication::setDesktopFileName("org.tsaudit.Viewer");
  QApplication::setWindowIcon(QIcon(":/tsaudit-gui.svg"));

  QCommandLineParser parser;
  parser.setApplicationDescription("Shows how TCP timestamps went, and what died of them.");
  parser.addHelpOption();
  parser.addVersionOption();
  parser.addPositionalArgument("capture", "pcap or pcapng file; several are read as one", "[CAPTURE...]");
  parser.addOptions({{"flow", "show this flow (default: the worst)", "N"},
                     {"frame", "select this frame", "N"},
                     {"profile", "receiver to assume, such as linux-6.12", "NAME", "auto"},
                     {"colours", "light, dark or system", "SCHEME"},
                     {"compare", "hold the capture against this one", "BASELINE"},
                     {"stack", "the baseline's plots under the others, not in them"},
                     {"live", "capture from this interface", "INTERFACE"},
                     {"screenshot", "write a picture of the window and end; needs no display", "OUT.png"},
                     {"size", "of the window", "WxH", "1280x800"}});
  parser.process(app);

  const auto number = [&](const char* name, quint64& out) {
    bool ok = true;
    if (parser.isSet(name)) out = parser.value(name).toULongLong(&ok);
    return ok;
  };
  quint64 flow = 0, frame = 0;
  if (!number("flow", flow) || !number("frame", frame)) return usage("--flow and --frame take a number");
  if (!Document::profiles().contains(parser.value("profile")))
    return usage("no receiver profile is called '" + parser.value("profile") + "'; there are " +
                 Document::profiles().join(", "));
  const QStringList size = parser.value("size").split('x');
  const QSize window_size = size.size() == 2 ? QSize(size[0].toInt(), size[1].toInt()) : QSize();
  constexpr int kMostPixels = 16'384;
  if (window_size.width() < 300 || window_size.height() < 200 || window_size.width() > kMostPixels ||
      window_size.height() > kMostPixels)
    return usage("--size is WxH, such as 1280x800, from 300x200 to 16384x16384");
  const QStringList captures = parser.positionalArguments();
  if (parser.isSet("live") && (screenshot || !captures.isEmpty()))
    return usage("--live shows what comes now, and neither a capture nor a picture");
  if (screenshot && captures.isEmpty()) return usage("--screenshot needs a capture");
  if (parser.isSet("compare") && captures.isEmpty()) return usage("--compare needs a capture to compare");

  std::optional<QTemporaryDir> settings;
  if (screenshot) {
    // A picture depends on nothing but what the command says, and leaves nothing behind.
    settings.emplace();
    QSettings::setDefaultFormat(QSettings::IniFormat);
    QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, settings->path());
    QSettings::setPath(QSettings::IniFormat, QSettings::SystemScope, settings->path());
  }
  apply_color_scheme(parser.isSet("colours") ? parser.value("colours")
                                             : Settings().text("colours", screenshot ? "light" : "system"));
  MainWindow window;
  window.set_profile(parser.value("profile"));
  if (parser.isSet("size") || screenshot) window.resize(window_size);
  if (parser.isSet("live")) {
    window.document().open_live(parser.value("live"), {});
  } else if (!captures.isEmpty()) {
    window.open(captures);
    window.want(flow, frame);
    if (parser.isSet("compare")) window.compare_with({parser.value("compare")});
    if (parser.isSet("stack")) window.actions().action("stack")->trigger();
  } else {
    window.restore_session();
  }
  window.show();
  if (screenshot) return take_screenshot(window, parser.value("screenshot"));
  return QApplication::exec();
}
