output "channels" {
  description = "The ids of all channels that are told of alerts."
  value       = local.channels
}

output "dashboard" {
  description = "Where the dashboard is opened."
  value       = "https://console.cloud.google.com/monitoring/dashboards/builder/${reverse(split("/", google_monitoring_dashboard.life_of_a_job.id))[0]}?project=${var.project}"
}

output "metrics" {
  description = "Log-based metric: its type in Cloud Monitoring."
  value       = { for name, metric in google_logging_metric.line : name => "logging.googleapis.com/user/${metric.name}" }
}

output "policies" {
  description = "Threshold of domain/alerts.ts: the id of its alert policy."
  value       = { for name, policy in google_monitoring_alert_policy.threshold : name => policy.id }
}
