locals {
  dashboard_name = "${var.prefix}: life of a job"

  # Rows from top to bottom, in the order of a job's life; the charts of a row share its width.
  _rows = [
    { section = "1. Submitted" },
    { charts = [
      { title = "New jobs, over HTTPS and Pub/Sub, by model", of = "sum by (model) (increase(${local.metric.jobs_accepted}_count{${local.in_logs},is_new=\"true\"}[${local.each_point}]))", plot = "STACKED_BAR" },
      { title = "Time to the answer of a submission over HTTPS, ms: p50, p99", of = "histogram_quantile(0.5, sum by (le) (increase(${local.metric.jobs_accepted}_bucket{${local.in_logs},via=\"https\"}[${local.each_point}])))", and = "histogram_quantile(0.99, sum by (le) (increase(${local.metric.jobs_accepted}_bucket{${local.in_logs},via=\"https\"}[${local.each_point}])))" },
      { title = "Answers of the interface, by class", of = "sum by (response_code_class) (increase(${local.metric.requests}{${local.of_api}}[${local.each_point}]))", plot = "STACKED_BAR" },
      { title = "All answers of the interface, ms, held ones too: p99", of = "histogram_quantile(0.99, sum by (le) (increase(${local.metric.latencies}_bucket{${local.of_api}}[${local.each_point}])))" },
    ] },
    { section = "2. Queued" },
    { charts = [
      { title = "Queued jobs, by queue", of = "max by (queue) (${local.metric.queued_jobs}{${local.by_sweep}})", plot = "STACKED_AREA" },
      { title = "Oldest queued job, s, by queue", of = "max by (queue) (${local.metric.oldest_queued_seconds}{${local.by_sweep}})" },
      { title = "Queued to started, ms, by queue: p90", of = "histogram_quantile(0.9, sum by (le, queue) (increase(${local.metric.queued_time}_bucket{${local.in_logs}}[${local.each_point}])))" },
    ] },
    { section = "3. Run" },
    { charts = [
      { title = "Held slots, by queue", of = "max by (queue) (${local.metric.held_slots}{${local.by_sweep}})", plot = "STACKED_AREA" },
      { title = "Executions of workers: running, and ended by result", of = "sum by (job_name, location) (${local.metric.running_workers}{${local.of_workers}})", and = "sum by (result) (increase(${local.metric.executions}{${local.of_workers}}[${local.each_point}]))" },
      { title = "Started to finished, ms, by model: p99", of = "histogram_quantile(0.99, sum by (le, model) (increase(${local.metric.run_time}_bucket{${local.in_logs}}[${local.each_point}])))" },
      { title = "Failed attempts, by kind of error", of = "sum by (error_kind) (increase(${local.metric.attempts_failed}{${local.in_logs}}[${local.each_point}]))", plot = "STACKED_BAR" },
    ] },
    { section = "4. Settled" },
    { charts = [
      { title = "Ended, by outcome", of = "sum by (outcome) (increase(${local.metric.jobs_ended}{${local.in_logs}}[${local.each_point}]))", plot = "STACKED_BAR" },
      { title = "Settled events, by event", of = "sum by (event) (increase(${local.metric.job_events}{${local.in_logs}}[${local.each_point}]))", plot = "STACKED_BAR" },
      { title = "Open events", of = "max(${local.metric.open_events}{${local.by_sweep}})" },
    ] },
    { section = "5. Told" },
    { charts = [
      { title = "Tries of webhooks, by what became of the delivery", of = "sum by (state) (increase(${local.metric.webhook_tries}{${local.in_logs}}[${local.each_point}]))", plot = "STACKED_BAR" },
      { title = "Job's end to its webhook, ms: p50, p99", of = "histogram_quantile(0.5, sum by (le) (increase(${local.metric.told_time}_bucket{${local.in_logs},${local.ends}}[${local.each_point}])))", and = "histogram_quantile(0.99, sum by (le) (increase(${local.metric.told_time}_bucket{${local.in_logs},${local.ends}}[${local.each_point}])))" },
      { title = "Dead letters", of = "max by (subscription_id) (${local.metric.undelivered}{${local.of_dead}})" },
    ] },
    { section = "Cost, and what goes wrong" },
    { charts = [
      { title = "Cost of the jobs that ended, USD an hour, by model", of = "sum by (model) (rate(${local.metric.cost}_sum{${local.in_logs}}[${local.each_point}])) * 3600", plot = "STACKED_AREA" },
      { title = "Errors, by function", of = "sum by (service_name) (increase(${local.metric.function_errors}{${local.in_logs}}[${local.each_point}]))", plot = "STACKED_BAR" },
      { title = "Failed launches, and launches in a row that ran no job, by queue", of = "sum by (queue) (increase(${local.metric.launches_failed}{${local.in_logs}}[${local.each_point}]))", and = "max by (queue) (${local.metric.boot_failures}{${local.by_sweep}})" },
      { title = "Failed steps of sweep", of = "sum by (what) (increase(${local.metric.sweep_steps_failed}{${local.in_logs}}[${local.each_point}]))", plot = "STACKED_BAR" },
    ] },
    { charts = [
      { title = "Answers of submissions that took too long, by model", of = "sum by (model) (increase(${local.metric.late_answers}{${local.in_logs}}[${local.each_point}]))", plot = "STACKED_BAR" },
      { title = "Runs that came near their timeout, by model", of = "sum by (model) (increase(${local.metric.long_runs}{${local.in_logs}}[${local.each_point}]))", plot = "STACKED_BAR" },
      { title = "Webhooks that came too late, by event", of = "sum by (event) (increase(${local.metric.late_webhooks}{${local.in_logs}}[${local.each_point}]))", plot = "STACKED_BAR" },
    ] },
    { charts = [
      { title = "Messages that are not taken, by subscription", of = "max by (subscription_id) (${local.metric.undelivered}{${local.of_messages}})" },
      { title = "Oldest message that is not taken, s, by subscription", of = "max by (subscription_id) (${local.metric.unacked_age}{${local.of_messages}})" },
      { title = "Rejected messages, by function", of = "sum by (function) (increase(${local.metric.messages_rejected}{${local.in_logs}}[${local.each_point}]))", plot = "STACKED_BAR" },
      { title = "Answers of the functions that are 5xx", of = "sum by (service_name) (increase(${local.metric.requests}{${local.of_functions},response_code_class=\"5xx\"}[${local.each_point}]))", plot = "STACKED_BAR" },
    ] },
  ]

  _width  = 12
  _height = { section = 1, charts = 4 }
  # Where each row begins: below all that stand above it.
  _top = [
    for i in range(length(local._rows)) :
    sum(concat([0], [for above in slice(local._rows, 0, i) : can(above.section) ? local._height.section : local._height.charts]))
  ]
  _bottom = sum([for row in local._rows : can(row.section) ? local._height.section : local._height.charts])

  _sections = [
    for i, row in local._rows : {
      at     = { xPos = 0, yPos = local._top[i] }
      width  = local._width
      height = local._height.section
      widget = { title = row.section, sectionHeader = { dividerBelow = true } }
    } if can(row.section)
  ]

  _charts = flatten([
    for i, row in local._rows : [
      for at, chart in row.charts : {
        at     = { xPos = at * floor(local._width / length(row.charts)), yPos = local._top[i] }
        width  = floor(local._width / length(row.charts))
        height = local._height.charts
        widget = {
          title = chart.title
          xyChart = {
            dataSets = [
              for query in compact([chart.of, try(chart.and, "")]) : {
                plotType        = try(chart.plot, "LINE")
                timeSeriesQuery = { prometheusQuery = query }
              }
            ]
            yAxis = { scale = "LINEAR" }
          }
        }
      }
    ] if can(row.charts)
  ])

  _below = [
    {
      at     = { xPos = 0, yPos = local._bottom }
      width  = local._width / 2
      height = local._height.charts
      widget = { title = "Incidents", incidentList = {} }
    },
    {
      at     = { xPos = local._width / 2, yPos = local._bottom }
      width  = local._width / 2
      height = local._height.charts
      widget = {
        title     = "Errors of the functions"
        logsPanel = { filter = "${local.our_services} AND severity>=ERROR", resourceNames = ["projects/${var.project}"] }
      }
    },
  ]

  # A position of 0 is left out: the API answers without it, and each plan would want it back.
  _tiles = [
    for tile in concat(local._sections, local._charts, local._below) :
    merge({ for key, value in tile : key => value if key != "at" }, { for key, value in tile.at : key => value if value != 0 })
  ]
}

resource "google_monitoring_dashboard" "life_of_a_job" {
  project = var.project
  dashboard_json = jsonencode({
    displayName  = local.dashboard_name
    mosaicLayout = { columns = local._width, tiles = local._tiles }
  })

  depends_on = [google_logging_metric.line]
}
