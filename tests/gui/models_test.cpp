// SPDX-License-Identifier: GPL-3.0-or-later
// The models behind the tables, watched by Qt's own model tester.
#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>
#include <stdexcept>

#include "flow_model.h"
#include "rows.h"
#include "segment_model.h"
#include "start_in.h"

using namespace tsaudit;
using namespace tsaudit::gui;
using test::open_flow;
using test::row;

namespace {

/// Three flows: healthy, error with two drops, warning.
std::shared_ptr<CaptureStore> three_flows() {
  auto store = std::make_shared<CaptureStore>();
  for (uint64_t id : {1u, 2u, 3u}) open_flow(*store, id);
  uint32_t frame = 0;
  for (uint64_t id : {1u, 2u, 3u})
    for (uint32_t i = 0; i < 10 * id; ++i) {
      ++frame;
      SegmentRow segment = row(frame, frame * kMillisecond, Side::client, 1000 + i, 0, id);
      if (id == 2 && i >= 18) segment = test::dropped(segment, 5000);
      store->segment(segment);
    }
  FlowReport error = test::report(2, Severity::error, "Timestamps stalled this connection");
  Finding drop;
  drop.rule = RuleId::paws_drop;
  drop.severity = Severity::error;
  error.findings.push_back(drop);
  store->flow(test::report(1, Severity::none, "healthy"));
  store->flow(std::move(error));
  store->flow(test::report(3, Severity::warning, "jumped"));
  return store;
}

QString cell(const QAbstractItemModel& model, int row, int column) {
  return model.index(row, column).data().toString();
}

}  // namespace

class ModelsTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void what_a_thread_throws_is_told_in_this_one() {
    QThreadPool pool;
    QStringList told;
    const auto tell = [&](const QString& why) {
      QCOMPARE(QThread::currentThread(), thread());
      told << why;
    };
    start_in(
        pool, this, [] { throw std::bad_alloc(); }, tell);
    QTRY_COMPARE(told, QStringList("Not enough memory for this capture"));
    start_in(
        pool, this, [] { throw std::runtime_error("something else"); }, tell);
    QTRY_COMPARE(told.value(1), QString("something else"));
    bool done = false;
    start_in(
        pool, this, [&] { done = true; }, tell);
    pool.waitForDone();
    QCoreApplication::processEvents();
    QVERIFY(done);
    QCOMPARE(told.size(), 2);
  }

  void flows_come_worst_first() {
    FlowModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.set_store(three_flows());
    QCOMPARE(model.rowCount(), 3);
    QCOMPARE(model.id_of(0), 2u);
    QCOMPARE(model.id_of(1), 3u);
    QCOMPARE(model.id_of(2), 1u);
    QCOMPARE(cell(model, 0, FlowModel::kDropped), QString("2"));
    QCOMPARE(cell(model, 0, FlowModel::kFlow), QString::fromUtf8("10.0.0.1:40002 \u2192 10.0.0.2:443"));
    QCOMPARE(model.index(0, FlowModel::kVerdict).data(Qt::AccessibleTextRole).toString(), QString("error"));
  }

  void flows_sort_by_every_column_both_ways() {
    FlowModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.set_store(three_flows());
    model.sort(FlowModel::kSegments, Qt::AscendingOrder);
    QCOMPARE(model.id_of(0), 1u);
    model.sort(FlowModel::kSegments, Qt::DescendingOrder);
    QCOMPARE(model.id_of(0), 3u);
    model.sort(FlowModel::kStart, Qt::AscendingOrder);
    QCOMPARE(model.id_of(0), 1u);
    for (int column = 0; column < FlowModel::kColumns; ++column) {
      model.sort(column, Qt::AscendingOrder);
      QCOMPARE(model.rowCount(), 3);
    }
  }

  void flows_filter_by_word_rule_and_severity_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<int>("least");
    QTest::addColumn<int>("rows");
    QTest::newRow("none") << "" << 0 << 3;
    QTest::newRow("port") << "40003" << 0 << 1;
    QTest::newRow("two words") << "10.0.0.2 STALLED" << 0 << 1;
    QTest::newRow("rule") << "ts001" << 0 << 1;
    QTest::newRow("rule by name") << "paws-drop" << 0 << 1;
    QTest::newRow("rule that nobody has") << "TS005" << 0 << 0;
    QTest::newRow("warnings") << "" << static_cast<int>(Severity::warning) << 2;
    QTest::newRow("errors") << "" << static_cast<int>(Severity::error) << 1;
    QTest::newRow("nothing matches") << "192.0.2.1" << 0 << 0;
  }
  void flows_filter_by_word_rule_and_severity() {
    QFETCH(QString, text);
    QFETCH(int, least);
    QFETCH(int, rows);
    FlowModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.set_store(three_flows());
    model.set_filter(text);
    model.set_least_severity(static_cast<Severity>(least));
    QCOMPARE(model.rowCount(), rows);
    model.set_filter("");
    model.set_least_severity(Severity::none);
    QCOMPARE(model.rowCount(), 3);
  }

  void an_index_stays_with_its_flow() {
    FlowModel model;
    model.set_store(three_flows());
    const QPersistentModelIndex worst = model.index(0, FlowModel::kFlow);
    const QString text = worst.data().toString();
    model.sort(FlowModel::kStart, Qt::AscendingOrder);
    QCOMPARE(worst.row(), 1);
    QCOMPARE(worst.data().toString(), text);
    model.set_filter("40001");
    QVERIFY(!worst.isValid());
  }

  void flows_grow_while_they_are_read() {
    auto store = std::make_shared<CaptureStore>();
    FlowModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.set_store(store);
    QCOMPARE(model.rowCount(), 0);
    for (uint64_t id = 1; id <= 1000; ++id) {
      open_flow(*store, id);
      store->segment(row(id, static_cast<TimeNs>(id), Side::client, 1, 0, id));
    }
    model.refresh();
    QCOMPARE(model.rowCount(), 1000);
    QCOMPARE(model.index(0, FlowModel::kVerdict).data(Qt::AccessibleTextRole).toString(), QString("reading"));
  }

  void very_many_flows_are_put_in_order_beside_the_window() {
    auto store = std::make_shared<CaptureStore>();
    constexpr uint64_t kFlows = FlowModel::kAtOnce + 1;
    for (uint64_t id = 1; id <= kFlows; ++id) {
      open_flow(*store, id);
      store->segment(row(id, static_cast<TimeNs>(id), Side::client, 1, 0, id));
    }
    store->flow(test::report(777, Severity::error, "stalled"));
    FlowModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    QSignalSpy arranged(&model, &FlowModel::arranged);
    model.set_store(store);
    QVERIFY(model.arranging());
    QCOMPARE(model.rowCount(), 0);
    QVERIFY(arranged.wait());
    QVERIFY(!model.arranging());
    QCOMPARE(model.rowCount(), static_cast<int>(kFlows));
    QCOMPARE(model.id_of(0), 777u);
    QCOMPARE(model.id_of(1), 1u);
    const QPersistentModelIndex worst = model.index(0, FlowModel::kFlow);
    model.sort(FlowModel::kStart, Qt::AscendingOrder);   // this one is overtaken,
    model.sort(FlowModel::kStart, Qt::DescendingOrder);  // and never seen
    QVERIFY(arranged.wait());
    QCOMPARE(model.id_of(0), kFlows);
    QCOMPARE(model.id_of(worst.row()), 777u);
    QCOMPARE(arranged.count(), 2);
    // Nothing is put in order before its time, and nothing is forgotten.
    store->flow(test::report(9, Severity::error, "stalled"));
    model.sort(FlowModel::kVerdict, Qt::DescendingOrder);
    open_flow(*store, kFlows + 1);
    model.refresh();
    QTRY_COMPARE(model.rowCount(), static_cast<int>(kFlows + 1));
    QCOMPARE(model.id_of(0), 9u);
    model.set_store(nullptr);
    QCOMPARE(model.rowCount(), 0);
  }

  void segments_show_what_the_library_said() {
    const auto store = test::analyzed("naive-restore.pcap");
    SegmentModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.set_flow(FlowView::build(store, 1), store->start_ns());
    QCOMPARE(static_cast<size_t>(model.rowCount()), store->segments());
    QCOMPARE(cell(model, 0, SegmentModel::kFrame), QString("1"));
    QCOMPARE(cell(model, 0, SegmentModel::kTime), QString("0.000000"));
    QCOMPARE(cell(model, 0, SegmentModel::kFlags), QString("SYN"));
    const int at = model.show_frame(19);
    QVERIFY(at > 0);
    QCOMPARE(cell(model, at, SegmentModel::kReason), QString("TCP_RFC7323_PAWS"));
    QCOMPARE(cell(model, at, SegmentModel::kVerdict), QString("drop"));
    QCOMPARE(cell(model, at, SegmentModel::kEvidence), QString("confirmed"));
    QCOMPARE(cell(model, 0, SegmentModel::kEvidence), QString());
    QCOMPARE(cell(model, at, SegmentModel::kDelta), QString::fromUtf8("\u22121,000,001"));
    QVERIFY(model.index(at, 0).data(Qt::ForegroundRole).isValid());
    QVERIFY(!model.index(0, 0).data(Qt::ForegroundRole).isValid());
  }

  void segments_can_be_the_discarded_alone() {
    const auto store = test::analyzed("naive-restore.pcap");
    SegmentModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.set_flow(FlowView::build(store, 1), 0);
    model.set_drops_only(true);
    QVERIFY(model.rowCount() > 0);
    for (int i = 0; i < model.rowCount(); ++i)
      QVERIFY(cell(model, i, SegmentModel::kVerdict).startsWith("drop"));
    QCOMPARE(model.show_frame(1), -1);
    QCOMPARE(model.frame_of(model.show_frame(18)), 18u);
    model.set_drops_only(false);
    QCOMPARE(static_cast<size_t>(model.rowCount()), store->segments());
  }

  void segments_beyond_the_window_are_gone_to() {
    auto store = std::make_shared<CaptureStore>();
    open_flow(*store, 1);
    const auto rows = static_cast<uint32_t>(SegmentModel::kWindow * 2 + 100);
    for (uint32_t i = 0; i < rows; ++i) store->segment(row(i + 1, i, Side::client, i, 0));
    SegmentModel model;
    model.set_flow(FlowView::build(store, 1), 0);
    QCOMPARE(static_cast<size_t>(model.rowCount()), SegmentModel::kWindow);
    const int at = model.show_frame(rows);
    QVERIFY(at >= 0);
    QCOMPARE(model.frame_of(at), static_cast<quint64>(rows));
    QVERIFY(model.first() > 0);
    QCOMPARE(model.frame_of(model.show_frame(1)), 1u);
    QCOMPARE(model.first(), 0u);
  }
};

QTEST_MAIN(ModelsTest)
#include "models_test.moc"
