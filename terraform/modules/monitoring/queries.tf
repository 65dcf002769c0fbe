# What PromQL calls a metric: its first slash is a colon, and whatever else is no letter or digit an underscore.
locals {
  _types = merge(
    { for name, metric in var.alerts.log_metrics : name => "logging.googleapis.com/user/${var.prefix}/${name}" },
    var.alerts.gauges,
    {
      requests        = "run.googleapis.com/request_count"
      latencies       = "run.googleapis.com/request_latencies"
      executions      = "run.googleapis.com/job/completed_execution_count"
      running_workers = "run.googleapis.com/job/running_executions"
      unacked_age     = "pubsub.googleapis.com/subscription/oldest_unacked_message_age"
      undelivered     = "pubsub.googleapis.com/subscription/num_undelivered_messages"
    },
  )
  metric = {
    for name, type in local._types : name => join(":", [for part in regex("^([^/]+)/(.+)$", type) : replace(part, "/[^a-zA-Z0-9]/", "_")])
  }

  # Which of them, where a metric stands on more than one kind of resource.
  in_logs      = "monitored_resource=\"cloud_run_revision\""
  by_sweep     = "monitored_resource=\"generic_task\",namespace=\"${var.prefix}\""
  of_api       = "monitored_resource=\"cloud_run_revision\",service_name=\"${var.services["api"]}\""
  of_functions = "monitored_resource=\"cloud_run_revision\",service_name=~\"${join("|", sort(values(var.services)))}\""
  of_workers   = "monitored_resource=\"cloud_run_job\",job_name=~\"${join("|", values(var.pools)[*].job)}\""
  of_messages  = "monitored_resource=\"pubsub_subscription\",subscription_id=~\"${join("|", [for id in concat(values(var.event_subscriptions), [var.deliveries_subscription]) : basename(id)])}\""
  of_dead      = "monitored_resource=\"pubsub_subscription\",subscription_id=\"${basename(var.dead_letter_subscription)}\""
  window       = { for what, seconds in var.alerts.windows : what => "${seconds}s" }
  # As long as a point of a chart stands for, so that none of what is counted falls between two.
  each_point = "$${__interval}"
  ends       = "event=~\"${var.alerts.values.ends}\""
  ran        = "outcome=~\"${var.alerts.values.ran}\""
  models_own = "error_kind!~\"${var.alerts.values.users_mistakes}\""
}
