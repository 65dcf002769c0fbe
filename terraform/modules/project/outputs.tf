output "eventarc_agent" {
  description = "Eventarc's own account, as a member of IAM policies."
  value       = local.members.eventarc
  depends_on  = [time_sleep.settle]
}

output "project_number" {
  description = "The project's number, which stands in the addresses of its Cloud Run services. Known while planning."
  value       = tostring(data.google_project.this.number)
  depends_on  = [time_sleep.settle]
}

output "pubsub_agent" {
  description = "Pub/Sub's own account, as a member of IAM policies: it moves messages to dead letters and signs what it pushes."
  value       = local.members.pubsub
  depends_on  = [time_sleep.settle]
}

output "ready" {
  description = "The project's id again, given out when its APIs and agents are ready. Whatever is made in the project takes it from here and so comes after them."
  value       = var.project
  depends_on  = [time_sleep.settle]
}
