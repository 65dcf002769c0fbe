locals {
  _most  = { for name, threshold in var.alerts.thresholds : name => threshold.most }
  _share = { for name, threshold in var.alerts.thresholds : name => threshold.share if threshold.share != null }
  _few   = var.alerts.few
  # Nothing is there before sweep has written its first gauges, some minutes after the first apply.
  _silence_retest = 600

  _read = "gcloud logging read --project=${var.project} --limit=20 --format='value(timestamp, severity, jsonPayload.message, jsonPayload.fields, textPayload, httpRequest.status, httpRequest.requestUrl)'"
  # Lines of one function, and of all of them.
  _of_one = { for name, service in var.services : name => "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${service}\"" }
  _of_all = local.our_services

  # One row for each threshold of domain/alerts.ts that has an alert.
  _alerts = {
    server_errors = {
      severity = "CRITICAL"
      title    = "the interface answers with errors of its own"
      query    = "sum(increase(${local.metric.requests}{${local.of_api},response_code_class=\"5xx\"}[${local.window.requests}])) / sum(increase(${local.metric.requests}{${local.of_api}}[${local.window.requests}])) > ${local._most.server_errors} and sum(increase(${local.metric.requests}{${local.of_api},response_code_class=\"5xx\"}[${local.window.requests}])) >= ${local._few}"
      retest   = 0
      page     = "docs/01-submit.md"
      commands = ["${local._read} --freshness=${local.window.requests} '${local._of_one["api"]} AND severity>=ERROR'"]
    }
    answer_p99 = {
      severity = "WARNING"
      title    = "submissions are answered slowly"
      query    = "sum(increase(${local.metric.late_answers}{${local.in_logs},via=\"https\"}[${local.window.lines}])) / sum(increase(${local.metric.jobs_accepted}_count{${local.in_logs},via=\"https\"}[${local.window.lines}])) > ${local._share.answer_p99} and sum(increase(${local.metric.late_answers}{${local.in_logs},via=\"https\"}[${local.window.lines}])) >= ${local._few}"
      retest   = 0
      page     = "docs/01-submit.md"
      commands = ["${local._read} --freshness=${local.window.lines} '${local._of_one["api"]} AND jsonPayload.message=\"job accepted\" AND jsonPayload.fields.tookMs>${local._most.answer_p99 * 1000}'"]
    }
    oldest_queued = {
      severity = "ERROR"
      title    = "a job is queued and no worker is there"
      query = length(var.pools) == 0 ? "" : "(${join(" or ", [
        for name, pool in var.pools :
        "max by (queue) (${local.metric.oldest_queued_seconds}{${local.by_sweep},queue=~\"${name}@.+\"}) > ${pool.oldest_queued_seconds}"
      ])}) and on (queue) max by (queue) (${local.metric.held_slots}{${local.by_sweep}}) == 0"
      # Between two workers there is none for a moment.
      retest   = 120
      page     = "docs/02-dispatch.md"
      commands = ["${local._read} --freshness=1h '${local._of_one["dispatch"]} AND severity>=ERROR'"]
    }
    queue_behind = {
      severity = "WARNING"
      title    = "jobs of a queue may expire before they start"
      query = join(" or ", [
        for name, pool in var.pools :
        "max by (queue) (${local.metric.oldest_queued_seconds}{${local.by_sweep},queue=~\"${name}@.+\"}) > ${pool.behind_seconds}"
      ])
      retest   = 0
      page     = "docs/02-dispatch.md"
      commands = ["${local._read} --freshness=1h '${local._of_one["dispatch"]} AND severity>=ERROR'"]
    }
    failing_boots = {
      severity = "ERROR"
      title    = "workers do not come to run a job"
      query    = "max by (queue) (${local.metric.boot_failures}{${local.by_sweep}}) > ${local._most.failing_boots}"
      retest   = 0
      page     = "docs/02-dispatch.md"
      commands = compact([
        "${local._read} --freshness=2h '${local._of_one["dispatch"]} AND jsonPayload.message=(\"launch failed\" OR \"launch unclear\")'",
        length(var.pools) == 0 ? "" : "${local._read} --freshness=2h 'resource.type=\"cloud_run_job\" AND resource.labels.job_name=(${join(" OR ", formatlist("%q", values(var.pools)[*].job))})'",
      ])
    }
    failed_jobs = {
      severity = "ERROR"
      title    = "the jobs of a model fail"
      query    = "sum by (model) (increase(${local.metric.jobs_ended}{${local.in_logs},outcome=\"failed\",${local.models_own}}[${local.window.jobs}])) / sum by (model) (increase(${local.metric.jobs_ended}{${local.in_logs},${local.ran},${local.models_own}}[${local.window.jobs}])) > ${local._most.failed_jobs} and sum by (model) (increase(${local.metric.jobs_ended}{${local.in_logs},${local.ran},${local.models_own}}[${local.window.jobs}])) >= ${local._few}"
      retest   = 0
      page     = "docs/03-run.md"
      commands = ["${local._read} --freshness=${local.window.jobs} '${local._of_one["on-job-event"]} AND jsonPayload.message=\"settled\" AND jsonPayload.fields.event=\"job.failed\" AND NOT jsonPayload.fields.errorKind=~\"^(${var.alerts.values.users_mistakes})$\"'"]
    }
    long_runs = {
      severity = "WARNING"
      title    = "runs of a model come near its run timeout"
      query    = "sum by (model) (increase(${local.metric.long_runs}{${local.in_logs}}[${local.window.jobs}])) / sum by (model) (increase(${local.metric.run_time}_count{${local.in_logs}}[${local.window.jobs}])) > ${local._share.long_runs} and sum by (model) (increase(${local.metric.long_runs}{${local.in_logs}}[${local.window.jobs}])) >= ${local._few}"
      retest   = 0
      page     = "docs/08-add-a-model.md"
      commands = ["${local._read} --freshness=${local.window.jobs} '${local._of_one["on-job-event"]} AND jsonPayload.message=\"settled\" AND jsonPayload.fields.runShare>${local._most.long_runs}'"]
    }
    open_events = {
      severity = "ERROR"
      title    = "settling falls behind"
      query    = "max(${local.metric.open_events}{${local.by_sweep}}) > ${local._most.open_events}"
      retest   = 300
      page     = "docs/04-settle.md"
      commands = ["${local._read} --freshness=1h '${local._of_one["on-job-event"]} AND severity>=ERROR'"]
    }
    told_p99 = {
      severity = "ERROR"
      title    = "webhooks are sent late"
      query    = "sum(increase(${local.metric.late_webhooks}{${local.in_logs},${local.ends}}[${local.window.lines}])) / sum(increase(${local.metric.told_time}_count{${local.in_logs},${local.ends}}[${local.window.lines}])) > ${local._share.told_p99} and sum(increase(${local.metric.late_webhooks}{${local.in_logs},${local.ends}}[${local.window.lines}])) >= ${local._few}"
      retest   = 0
      page     = "docs/05-deliver.md"
      commands = ["${local._read} --freshness=${local.window.lines} '${local._of_one["deliver-webhook"]} AND jsonPayload.message=\"webhook tried\" AND jsonPayload.fields.event=~\"^(${var.alerts.values.ends})$\" AND jsonPayload.fields.toldMs>${local._most.told_p99 * 1000}'"]
    }
    oldest_unacked = {
      severity = "ERROR"
      title    = "messages are not taken"
      query    = "max by (subscription_id) (${local.metric.unacked_age}{${local.of_messages}}) > ${local._most.oldest_unacked}"
      retest   = 60
      page     = "docs/11-google-cloud.md"
      commands = [
        "gcloud eventarc triggers list --project=${var.project} --location=- --filter='name~/triggers/${var.prefix}-'",
        "${local._read} --freshness=1h '${local._of_all} AND jsonPayload.message=\"event failed\"'",
      ]
    }
    dead_letters = {
      severity = "WARNING"
      title    = "there are dead letters"
      query    = "max by (subscription_id) (${local.metric.undelivered}{${local.of_dead}}) > ${local._most.dead_letters}"
      retest   = 0
      page     = "docs/05-deliver.md"
      commands = ["gcloud pubsub subscriptions pull ${basename(var.dead_letter_subscription)} --project=${var.project} --limit=10"]
    }
    rejected_messages = {
      severity = "WARNING"
      title    = "many messages cannot be understood"
      query    = "sum by (function) (increase(${local.metric.messages_rejected}{${local.in_logs}}[${local.window.lines}])) > ${local._most.rejected_messages}"
      retest   = 0
      page     = "docs/16-pubsub.md"
      commands = ["${local._read} --freshness=${local.window.lines} '${local._of_all} AND jsonPayload.message=\"message rejected\"'"]
    }
    sweep_silent = {
      severity = "CRITICAL"
      title    = "sweep is silent"
      query    = "absent_over_time(${local.metric.open_events}{${local.by_sweep}}[${local._most.sweep_silent - local._silence_retest}s])"
      retest   = local._silence_retest
      page     = "docs/06-sweep.md"
      commands = [
        "gcloud scheduler jobs list --project=${var.project} --location=${var.region} --filter='name~/jobs/${var.prefix}-'",
        "${local._read} --freshness=1h '${local._of_one["sweep"]}'",
      ]
    }
    sweep_failures = {
      severity = "ERROR"
      title    = "steps of sweep fail"
      query    = "sum by (what) (increase(${local.metric.sweep_steps_failed}{${local.in_logs}}[${local.window.lines}])) > ${local._most.sweep_failures}"
      retest   = 0
      page     = "docs/06-sweep.md"
      commands = ["${local._read} --freshness=${local.window.lines} '${local._of_one["sweep"]} AND jsonPayload.message=\"sweep: a step failed\"'"]
    }
    function_errors = {
      severity = "ERROR"
      title    = "a function logs errors"
      query    = "sum by (service_name) (increase(${local.metric.function_errors}{${local.in_logs}}[${local.window.lines}])) > ${local._most.function_errors}"
      retest   = 0
      page     = "docs/11-google-cloud.md"
      commands = ["${local._read} --freshness=${local.window.lines} '${local._of_all} AND ${var.alerts.log_metrics["function_errors"].filter}'"]
    }
  }

  # Without pools there is nothing to ask of them, and no query is empty.
  alerts = { for name, alert in local._alerts : name => alert if alert.query != "" }
}

resource "google_monitoring_alert_policy" "threshold" {
  for_each = local.alerts

  project               = var.project
  display_name          = "${var.prefix}: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.channels

  conditions {
    display_name = each.key

    condition_prometheus_query_language {
      query    = each.value.query
      duration = "${each.value.retest}s"
      # Each time is paid for.
      evaluation_interval = each.value.severity == "WARNING" ? "300s" : "60s"
      # Nothing has been counted yet when a project is new, and a metric without a point does not exist.
      disable_metric_validation = true
    }
  }

  alert_strategy {
    auto_close = "1800s"
  }

  documentation {
    subject   = "${var.prefix}: ${each.value.title}"
    mime_type = "text/markdown"
    content   = <<-EOT
      **What it means.** ${var.alerts.thresholds[each.key].meaning}.

      **Look at** docs/17-monitoring.md, `${each.key}`, and ${each.value.page}; and at the dashboard "${local.dashboard_name}".

      **First**

      ```sh
      ${join("\n", each.value.commands)}
      ```
    EOT
  }

  depends_on = [google_logging_metric.line]
}
