variables {
  project        = "acme-gpu"
  project_number = "123456789012"
  prefix         = "acme-dev"
  region         = "us-central1"

  alerts = {
    few     = 5
    values  = { ends = "job[.]failed|job[.]expired", ran = "succeeded|failed", users_mistakes = "invalid_input" }
    windows = { jobs = 3600, lines = 1800, requests = 600 }
    thresholds = {
      server_errors     = { most = 0.02, meaning = "m" }
      answer_p99        = { most = 3, share = 0.04, meaning = "m" }
      oldest_queued     = { most = 300, meaning = "m" }
      told_p99          = { most = 60, share = 0.01, meaning = "m" }
      sweep_silent      = { most = 900, meaning = "m" }
      sweep_failures    = { most = 2, meaning = "m" }
      open_events       = { most = 1000, meaning = "m" }
      queue_behind      = { most = 0.5, meaning = "m" }
      failing_boots     = { most = 2, meaning = "m" }
      failed_jobs       = { most = 0.5, meaning = "m" }
      long_runs         = { most = 0.8, share = 0.1, meaning = "m" }
      function_errors   = { most = 10, meaning = "m" }
      rejected_messages = { most = 10, meaning = "m" }
      oldest_unacked    = { most = 300, meaning = "m" }
      dead_letters      = { most = 0, meaning = "what a dead letter means" }
    }
    gauges = {
      queued_jobs           = "custom.googleapis.com/slipway/queued_jobs"
      oldest_queued_seconds = "custom.googleapis.com/slipway/oldest_queued_seconds"
      held_slots            = "custom.googleapis.com/slipway/held_slots"
      boot_failures         = "custom.googleapis.com/slipway/boot_failures"
      open_events           = "custom.googleapis.com/slipway/open_events"
    }
    log_metrics = {
      jobs_accepted      = { description = "d", filter = "f", labels = {}, value = { extractor = "EXTRACT(jsonPayload.fields.tookMs)", unit = "ms" } }
      late_answers       = { description = "d", filter = "f", labels = {} }
      long_runs          = { description = "d", filter = "f", labels = {} }
      late_webhooks      = { description = "d", filter = "f", labels = {} }
      job_events         = { description = "d", filter = "f", labels = {} }
      jobs_ended         = { description = "d", filter = "jsonPayload.message=\"settled\"", labels = { model = "EXTRACT(jsonPayload.fields.model)" } }
      attempts_failed    = { description = "d", filter = "f", labels = {} }
      queued_time        = { description = "d", filter = "f", labels = {}, value = { extractor = "e", unit = "ms" } }
      run_time           = { description = "d", filter = "f", labels = {}, value = { extractor = "e", unit = "ms" } }
      cost               = { description = "d", filter = "f", labels = {}, value = { extractor = "e", unit = "{USD}" } }
      told_time          = { description = "d", filter = "f", labels = {}, value = { extractor = "e", unit = "ms" } }
      webhook_tries      = { description = "d", filter = "f", labels = {} }
      launches_failed    = { description = "d", filter = "f", labels = {} }
      sweep_steps_failed = { description = "d", filter = "f", labels = {} }
      messages_rejected  = { description = "d", filter = "f", labels = {} }
      function_errors    = { description = "d", filter = "severity>=ERROR", labels = {} }
    }
  }

  services = {
    api             = "acme-dev-api"
    dispatch        = "acme-dev-dispatch"
    on-job-event    = "acme-dev-on-job-event"
    deliver-webhook = "acme-dev-deliver-webhook"
    sweep           = "acme-dev-sweep"
  }
  pools = { documents = {
    behind_seconds        = 43200
    job                   = "acme-dev-documents"
    oldest_queued_seconds = 423
  } }
  event_subscriptions      = { nudges = "projects/acme-gpu/subscriptions/eventarc-nudges" }
  deliveries_subscription  = "projects/acme-gpu/subscriptions/acme-dev-deliveries"
  dead_letter_subscription = "acme-dev-dead"
  emails                   = { ops = "ops@example.com" }
}

run "alerts" {
  command = plan

  assert {
    condition     = toset(keys(google_monitoring_alert_policy.threshold)) == toset(keys(var.alerts.thresholds))
    error_message = "Each threshold has one alert policy, and no policy is without a threshold."
  }
  assert {
    condition = alltrue(flatten([
      for policy in google_monitoring_alert_policy.threshold : [
        for condition in policy.conditions : condition.condition_prometheus_query_language[0].disable_metric_validation
      ]
    ]))
    error_message = "No alert needs its metric to be there when it is made."
  }
  assert {
    condition     = alltrue([for policy in google_monitoring_alert_policy.threshold : startswith(policy.display_name, "acme-dev: ") && contains(["CRITICAL", "ERROR", "WARNING"], policy.severity)])
    error_message = "Names begin with the prefix, and each alert has a severity."
  }
  assert {
    condition = alltrue([
      for policy in google_monitoring_alert_policy.threshold :
      policy.conditions[0].condition_prometheus_query_language[0].evaluation_interval == (policy.severity == "WARNING" ? "300s" : "60s")
    ])
    error_message = "What can wait is asked for every five minutes, since each time is paid for."
  }
  assert {
    condition     = strcontains(google_monitoring_alert_policy.threshold["dead_letters"].documentation[0].content, "what a dead letter means") && strcontains(google_monitoring_alert_policy.threshold["dead_letters"].documentation[0].content, "gcloud pubsub subscriptions pull acme-dev-dead --project=acme-gpu")
    error_message = "An alert says what it means, and the first command to run."
  }
}

run "thresholds" {
  command = plan

  assert {
    condition     = google_monitoring_alert_policy.threshold["oldest_queued"].conditions[0].condition_prometheus_query_language[0].query == "(max by (queue) (custom_googleapis_com:slipway_oldest_queued_seconds{monitored_resource=\"generic_task\",namespace=\"acme-dev\",queue=~\"documents@.+\"}) > 423) and on (queue) max by (queue) (custom_googleapis_com:slipway_held_slots{monitored_resource=\"generic_task\",namespace=\"acme-dev\"}) == 0"
    error_message = "A queue's oldest job is held against the threshold of its pool, in every region, where no worker is there."
  }
  assert {
    condition     = endswith(google_monitoring_alert_policy.threshold["queue_behind"].conditions[0].condition_prometheus_query_language[0].query, "queue=~\"documents@.+\"}) > 43200")
    error_message = "And against the time that its jobs have to start, whoever is there."
  }
  assert {
    condition     = strcontains(google_monitoring_alert_policy.threshold["answer_p99"].conditions[0].condition_prometheus_query_language[0].query, "> 0.04 and") && strcontains(google_monitoring_alert_policy.threshold["answer_p99"].documentation[0].content, "tookMs>3000")
    error_message = "A part of the answers may be late, and the lines to read are those that are."
  }
  assert {
    condition     = strcontains(google_monitoring_alert_policy.threshold["long_runs"].documentation[0].content, "runShare>0.8'")
    error_message = "The runs to read are those that the alert counts."
  }
  assert {
    condition     = strcontains(google_monitoring_alert_policy.threshold["server_errors"].conditions[0].condition_prometheus_query_language[0].query, "> 0.02 and")
    error_message = "The threshold comes from the list."
  }
  assert {
    condition     = strcontains(google_monitoring_alert_policy.threshold["oldest_unacked"].conditions[0].condition_prometheus_query_language[0].query, "subscription_id=~\"eventarc-nudges|acme-dev-deliveries\"")
    error_message = "Every subscription that events come by is watched, by the name at the end of its id."
  }
  assert {
    condition     = google_monitoring_alert_policy.threshold["sweep_silent"].conditions[0].condition_prometheus_query_language[0].query == "absent_over_time(custom_googleapis_com:slipway_open_events{monitored_resource=\"generic_task\",namespace=\"acme-dev\"}[300s])" && google_monitoring_alert_policy.threshold["sweep_silent"].conditions[0].condition_prometheus_query_language[0].duration == "600s"
    error_message = "Sweep is silent when its gauge is missing for a quarter of an hour in all, and nothing is silent that has only just been made."
  }
}

run "metrics" {
  command = plan

  assert {
    condition     = google_logging_metric.line["jobs_ended"].name == "acme-dev/jobs_ended" && strcontains(google_logging_metric.line["jobs_ended"].filter, "resource.labels.service_name=(\"acme-dev-api\" OR \"acme-dev-deliver-webhook\"")
    error_message = "Metrics are this deployment's own, in name and in what they count."
  }
  assert {
    condition     = google_logging_metric.line["jobs_ended"].metric_descriptor[0].value_type == "INT64" && google_logging_metric.line["cost"].metric_descriptor[0].value_type == "DISTRIBUTION"
    error_message = "What has a value is measured, the rest is counted."
  }
  assert {
    condition     = [for label in google_logging_metric.line["jobs_ended"].metric_descriptor[0].labels : label.key] == ["model"]
    error_message = "Each label that is extracted is declared."
  }
}

run "no_budget" {
  command = plan

  assert {
    condition     = length(google_billing_budget.month) == 0
    error_message = "Without a budget nothing touches the billing account."
  }
}

run "budget" {
  command = plan
  variables {
    budget = { billing_account = "012345-6789AB-CDEF01", amount_usd = 200 }
  }

  assert {
    condition     = [for rule in google_billing_budget.month[0].threshold_rules : "${rule.spend_basis} ${rule.threshold_percent}"] == ["CURRENT_SPEND 0.5", "CURRENT_SPEND 0.9", "CURRENT_SPEND 1", "FORECASTED_SPEND 1"]
    error_message = "50, 90 and 100 % of what was spent, and 100 % of the forecast."
  }
  assert {
    condition     = google_billing_budget.month[0].budget_filter[0].projects == toset(["projects/123456789012"]) && google_billing_budget.month[0].amount[0].specified_amount[0].units == "200"
    error_message = "The budget is this project's, of the amount given."
  }
}

run "nobody_to_tell" {
  command = plan
  variables {
    emails = {}
    pools  = {}
    budget = { billing_account = "012345-6789AB-CDEF01", amount_usd = 200 }
  }

  assert {
    condition     = !contains(keys(google_monitoring_alert_policy.threshold), "oldest_queued") && !contains(keys(google_monitoring_alert_policy.threshold), "queue_behind")
    error_message = "Without pools nothing is asked of pools."
  }
  assert {
    condition     = !strcontains(google_monitoring_alert_policy.threshold["failing_boots"].documentation[0].content, "cloud_run_job")
    error_message = "Nor is the log of any read."
  }
  assert {
    condition     = length(google_billing_budget.month[0].all_updates_rule) == 0
    error_message = "Without e-mail channels a budget tells the billing account's administrators alone."
  }
}

run "channels" {
  command = plan
  variables {
    emails   = {}
    channels = ["projects/acme-gpu/notificationChannels/42"]
  }

  assert {
    condition     = google_monitoring_alert_policy.threshold["dead_letters"].notification_channels == tolist(["projects/acme-gpu/notificationChannels/42"])
    error_message = "Channels that exist are told too."
  }
}

run "refuses_a_billing_account_that_is_none" {
  command = plan
  variables {
    budget = { billing_account = "acme", amount_usd = 200 }
  }
  expect_failures = [var.budget]
}

run "refuses_half_a_dollar" {
  command = plan
  variables {
    budget = { billing_account = "012345-6789AB-CDEF01", amount_usd = 0.5 }
  }
  expect_failures = [var.budget]
}

run "refuses_what_is_no_address" {
  command = plan
  variables {
    emails = { ops = "ops" }
  }
  expect_failures = [var.emails]
}

run "refuses_a_channel_that_is_none" {
  command = plan
  variables {
    channels = ["ops@example.com"]
  }
  expect_failures = [var.channels]
}

run "refuses_services_without_sweep" {
  command = plan
  variables {
    services = { api = "a", dispatch = "d", on-job-event = "o", deliver-webhook = "w" }
  }
  expect_failures = [var.services]
}

run "refuses_a_long_prefix" {
  command = plan
  variables {
    prefix = "a-prefix-that-is-too-long"
  }
  expect_failures = [var.prefix]
}
