locals {
  _most = { for name, threshold in var.alerts.thresholds : name => threshold.most }
  _few  = var.alerts.few
  # Retested for so long, so that the first minutes of a new project are no alert.
  _silence_retest = 120

  _logs = "gcloud logging read --project=${var.project} --freshness=1h --limit=20 --format='value(timestamp, jsonPayload.message, jsonPayload.fields)'"

  # One row for each threshold of domain/alerts.ts that has an alert.
  _alerts = {
    server_errors = {
      severity = "CRITICAL"
      title    = "the interface answers with errors of its own"
      query    = "sum(increase(${local.metric.requests}{${local.of_api},response_code_class=\"5xx\"}[${local.window}])) / sum(increase(${local.metric.requests}{${local.of_api}}[${local.window}])) > ${local._most.server_errors} and sum(increase(${local.metric.requests}{${local.of_api},response_code_class=\"5xx\"}[${local.window}])) >= ${local._few}"
      retest   = 0
      page     = "docs/01-submit.md"
      command  = "${local._logs} 'resource.labels.service_name=\"${var.services["api"]}\" AND severity>=ERROR'"
    }
    answer_p99 = {
      severity = "WARNING"
      title    = "submissions are answered slowly"
      query    = "histogram_quantile(0.99, sum by (le) (increase(${local.metric.jobs_accepted}_bucket{${local.in_logs}}[${local.window}]))) > ${local._most.answer_p99 * 1000} and sum(increase(${local.metric.jobs_accepted}_count{${local.in_logs}}[${local.window}])) >= ${local._few}"
      retest   = 0
      page     = "docs/01-submit.md"
      command  = "${local._logs} 'jsonPayload.message=\"job accepted\" AND jsonPayload.fields.tookMs>${local._most.answer_p99 * 1000}'"
    }
    oldest_queued = {
      severity = "ERROR"
      title    = "a job has been queued for too long"
      query = join(" or ", [
        for name, pool in var.pools :
        "max by (queue) (${local.metric.oldest_queued_seconds}{${local.by_sweep},queue=~\"${name}@.+\"}) > ${pool.oldest_queued_seconds}"
      ])
      retest  = 0
      page    = "docs/02-dispatch.md"
      command = "${local._logs} 'resource.labels.service_name=\"${var.services["dispatch"]}\" AND severity>=ERROR'"
    }
    failed_launches = {
      severity = "ERROR"
      title    = "workers cannot be launched"
      query    = "sum by (queue) (increase(${local.metric.launches_failed}{${local.in_logs}}[${local.window}])) > ${local._most.failed_launches}"
      retest   = 0
      page     = "docs/02-dispatch.md"
      command  = "${local._logs} 'jsonPayload.message=(\"launch failed\" OR \"launch unclear\")'"
    }
    failed_workers = {
      severity = "ERROR"
      title    = "workers fail"
      query    = "sum by (job_name, location) (increase(${local.metric.executions}{${local.of_workers},result=\"failed\"}[${local.window}])) > ${local._most.failed_workers}"
      retest   = 0
      page     = "docs/03-run.md"
      command  = "gcloud logging read --project=${var.project} --freshness=1h --limit=50 'resource.type=\"cloud_run_job\" AND resource.labels.job_name=(${join(" OR ", formatlist("%q", values(var.pools)[*].job))})'"
    }
    failed_jobs = {
      severity = "ERROR"
      title    = "the jobs of a model fail"
      query    = "sum by (model) (increase(${local.metric.jobs_ended}{${local.in_logs},outcome=\"failed\",error_kind!~\"${local.users_mistake}\"}[${local.jobs_window}])) / sum by (model) (increase(${local.metric.jobs_ended}{${local.in_logs}}[${local.jobs_window}])) > ${local._most.failed_jobs} and sum by (model) (increase(${local.metric.jobs_ended}{${local.in_logs}}[${local.jobs_window}])) >= ${local._few}"
      retest   = 0
      page     = "docs/03-run.md"
      command  = "${local._logs} 'jsonPayload.message=\"settled\" AND jsonPayload.fields.event=\"job.failed\"'"
    }
    run_p99 = {
      severity = "WARNING"
      title    = "runs of a model come near its run timeout"
      query = join(" or ", [
        for model, most in merge(values(var.pools)[*].models...) :
        "histogram_quantile(0.99, sum by (le, model) (increase(${local.metric.run_time}_bucket{${local.in_logs},model=\"${model}\"}[${local.jobs_window}]))) > ${most.long_run_seconds * 1000} and sum by (model) (increase(${local.metric.run_time}_count{${local.in_logs},model=\"${model}\"}[${local.jobs_window}])) >= ${local._few}"
      ])
      retest  = 0
      page    = "docs/08-add-a-model.md"
      command = "${local._logs} 'jsonPayload.message=\"settled\" AND jsonPayload.fields.runMs>0'"
    }
    open_events = {
      severity = "ERROR"
      title    = "settling falls behind"
      query    = "max(${local.metric.open_events}{${local.by_sweep}}) > ${local._most.open_events}"
      retest   = 300
      page     = "docs/04-settle.md"
      command  = "${local._logs} 'resource.labels.service_name=\"${var.services["on-job-event"]}\" AND severity>=ERROR'"
    }
    told_p99 = {
      severity = "ERROR"
      title    = "webhooks are sent late"
      query    = "histogram_quantile(0.99, sum by (le) (increase(${local.metric.told_time}_bucket{${local.in_logs},${local.ends}}[${local.window}]))) > ${local._most.told_p99 * 1000} and sum(increase(${local.metric.told_time}_count{${local.in_logs},${local.ends}}[${local.window}])) >= ${local._few}"
      retest   = 0
      page     = "docs/05-deliver.md"
      command  = "${local._logs} 'jsonPayload.message=\"webhook tried\" AND jsonPayload.fields.toldMs>${local._most.told_p99 * 1000}'"
    }
    oldest_unacked = {
      severity = "ERROR"
      title    = "messages are not taken"
      query    = "max by (subscription_id) (${local.metric.unacked_age}{${local.of_messages}}) > ${local._most.oldest_unacked}"
      retest   = 60
      page     = "docs/11-google-cloud.md"
      command  = "gcloud eventarc triggers list --project=${var.project} --location=- && ${local._logs} 'jsonPayload.message=\"event failed\"'"
    }
    dead_letters = {
      severity = "WARNING"
      title    = "there are dead letters"
      query    = "max by (subscription_id) (${local.metric.undelivered}{${local.of_dead}}) > ${local._most.dead_letters}"
      retest   = 0
      page     = "docs/05-deliver.md"
      command  = "gcloud pubsub subscriptions pull ${basename(var.dead_letter_subscription)} --project=${var.project} --limit=10"
    }
    rejected_messages = {
      severity = "WARNING"
      title    = "many messages cannot be understood"
      query    = "sum by (function) (increase(${local.metric.messages_rejected}{${local.in_logs}}[${local.window}])) > ${local._most.rejected_messages}"
      retest   = 0
      page     = "docs/16-pubsub.md"
      command  = "${local._logs} 'jsonPayload.message=\"message rejected\"'"
    }
    sweep_silent = {
      severity = "CRITICAL"
      title    = "sweep is silent"
      query    = "absent_over_time(${local.metric.open_events}{${local.by_sweep}}[${local._most.sweep_silent - local._silence_retest}s])"
      retest   = local._silence_retest
      page     = "docs/06-sweep.md"
      command  = "gcloud scheduler jobs list --project=${var.project} --location=${var.region} && ${local._logs} 'resource.labels.service_name=\"${var.services["sweep"]}\"'"
    }
    sweep_failures = {
      severity = "ERROR"
      title    = "steps of sweep fail"
      query    = "sum by (what) (increase(${local.metric.sweep_steps_failed}{${local.in_logs}}[${local.window}])) > ${local._most.sweep_failures}"
      retest   = 0
      page     = "docs/06-sweep.md"
      command  = "${local._logs} 'jsonPayload.message=\"sweep: a step failed\"'"
    }
    function_errors = {
      severity = "ERROR"
      title    = "a function logs errors"
      query    = "sum by (service_name) (increase(${local.metric.function_errors}{${local.in_logs}}[${local.window}])) > ${local._most.function_errors}"
      retest   = 0
      page     = "docs/11-google-cloud.md"
      command  = "${local._logs} 'resource.type=\"cloud_run_revision\" AND severity>=ERROR'"
    }
  }

  # Without pools or models there is nothing to ask, and no query is empty.
  alerts = { for name, alert in local._alerts : name => alert if alert.query != "" && (name != "failed_workers" || length(var.pools) > 0) }
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
      query               = each.value.query
      duration            = "${each.value.retest}s"
      evaluation_interval = "60s"
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
      ${each.value.command}
      ```
    EOT
  }

  depends_on = [google_logging_metric.line]
}
