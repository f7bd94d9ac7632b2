// SPDX-License-Identifier: GPL-3.0-or-later
// Measures the viewer: `gui_bench views` draws 200 scripted views of 10 million points, `gui_bench memory`
// fills a store with 10 million segments, `gui_bench open CAPTURE` times the first picture and the whole
// analysis.
#include <sys/resource.h>

#include <QApplication>
#include <QElapsedTimer>
#include <QTimer>
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <random>

#include "flow_list.h"
#include "main_window.h"
#include "plot_stack.h"
#include "rows.h"

using namespace tsaudit;
using namespace tsaudit::gui;

namespace {

long peak_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

std::shared_ptr<CaptureStore> ten_million() {
  auto store = std::make_shared<CaptureStore>();
  test::open_flow(*store, 1);
  std::mt19937 random(1);
  TimeNs time = 1'700'000'000 * kSecond;
  uint32_t clock[2] = {1000, 9'000'000}, seq[2] = {};
  for (uint32_t i = 0; i < 10'000'000; ++i) {
    time += 50'000 + random() % 100'000;
    const auto side = static_cast<Side>(random() % 3 == 0);
    const auto me = static_cast<size_t>(side);
    clock[me] = static_cast<uint32_t>(time / kMillisecond) + static_cast<uint32_t>(random() % 3);
    SegmentRow row = test::row(i + 1, time, side, clock[me], clock[me ^ 1]);
    row.length = side == Side::client ? 1448 : 0;
    row.seq = {seq[me] += row.length};
    row.ack = {seq[me ^ 1]};
    row.ts_recent_known = true;
    row.ts_recent = {clock[me] - 1};
    if (i % 500'000 == 499'999) row = test::dropped(row, clock[me] + 100'000);
    store->segment(row);
  }
  return store;
}

int views() {
  PlotStack plots;
  plots.resize(1600, 800);
  plots.show();
  QElapsedTimer timer;
  const auto store = ten_million();
  timer.start();
  const auto flow = FlowView::build(store, 1);
  std::printf("series of 10,000,000 segments: %lld ms, %zu MB\n", static_cast<long long>(timer.elapsed()),
              flow->bytes() >> 20);
  plots.show_flow(flow);
  QApplication::processEvents();
  std::mt19937 random(7);
  std::vector<double> times, slowest_plot;
  const TimeRange all = plots.view().time;
  for (int i = 0; i < 200; ++i) {
    ViewState view = plots.view();
    switch (i % 4) {
      case 0:
        view.time = zoom(view.time, static_cast<double>(random() % 100) / 100, 0.6);
        break;
      case 1:
        view.time = pan(view.time, 0.2);
        break;
      case 2:
        view.time = zoom(view.time, 0.5, 1.3);
        break;
      default: {
        const TimeNs span = std::max<TimeNs>(kSecond, all.span() >> (random() % 8));
        view.time.from = all.from + static_cast<TimeNs>(random() % 1000) * ((all.span() - span) / 1000);
        view.time.to = view.time.from + span;
      }
    }
    const auto ms = [&] { return static_cast<double>(timer.nsecsElapsed()) / 1e6; };
    timer.start();
    plots.set_view(view);
    double slowest = 0;
    for (PlotPanel* panel : plots.visible_panels()) {
      const double before = ms();
      panel->surface().replot_now();
      slowest = std::max(slowest, ms() - before);
    }
    QApplication::processEvents();
    times.push_back(ms());
    slowest_plot.push_back(slowest);
  }
  for (auto& [what, sorted] :
       {std::pair{"all 4 plots", &times}, {"the slowest plot of each", &slowest_plot}}) {
    std::sort(sorted->begin(), sorted->end());
    std::printf("200 views, 1600x800, %s: median %.1f ms, p95 %.1f ms, worst %.1f ms\n", what, (*sorted)[100],
                (*sorted)[190], (*sorted)[199]);
  }
  std::printf("peak memory %ld MB\n", peak_mb());
  return 0;
}

int memory() {
  const auto store = ten_million();
  const auto flow = FlowView::build(store, 1);
  std::printf("{\"segments\": %zu, \"view_mb\": %zu, \"peak_mb\": %ld}\n", store->segments(),
              flow->bytes() >> 20, peak_mb());
  return 0;
}

int open(const char* path) {
  MainWindow window;
  window.resize(1280, 800);
  window.show();
  QApplication::processEvents();
  QElapsedTimer timer;
  qint64 first = -1, full = -1;
  quint64 shown = 0;  // the last flow of which the whole was shown
  const auto look = [&] {
    if (shown && shown == window.document().requested_flow() && window.flows().settled()) QApplication::exit(0);
  };
  QObject::connect(&window.document(), &Document::flow_ready, &window,
                   [&](const std::shared_ptr<const FlowView>& flow) {
                     for (PlotPanel* panel : window.plots().visible_panels()) panel->surface().replot_now();
                     if (first < 0) first = timer.elapsed();
                     const auto segments = [](const FlowEntry& entry) { return entry.segments(); };
                     const bool whole = flow->rows().size() == flow->store().flow_at(flow->id(), segments);
                     shown = whole && window.document().state() != Document::State::loading ? flow->id() : 0;
                     look();
                   });
  QObject::connect(&window.flows().model(), &FlowModel::arranged, &window, look);
  QObject::connect(&window.document(), &Document::finished, &window, [&] { full = timer.elapsed(); });
  // How long the window did not answer: the gaps between the turns of a timer that is always due.
  QTimer pulse;
  QElapsedTimer since;
  qint64 longest = 0;
  QObject::connect(&pulse, &QTimer::timeout, &window, [&] {
    if (since.isValid()) longest = std::max(longest, since.elapsed());
    since.start();
  });
  pulse.start(1);
  timer.start();
  window.open({QString::fromLocal8Bit(path)});
  QApplication::exec();
  std::printf(
      "first picture %lld ms, analysis %lld ms, final picture %lld ms, longest block %lld ms; peak memory "
      "%ld MB\n",
      static_cast<long long>(first), static_cast<long long>(full), static_cast<long long>(timer.elapsed()),
      static_cast<long long>(longest), peak_mb());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication app(argc, argv);
  if (argc == 2 && std::strcmp(argv[1], "views") == 0) return views();
  if (argc == 2 && std::strcmp(argv[1], "memory") == 0) return memory();
  if (argc == 3 && std::strcmp(argv[1], "open") == 0) return open(argv[2]);
  std::fprintf(stderr, "usage: gui_bench views | memory | open CAPTURE\n");
  return 2;
}
