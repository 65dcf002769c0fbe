output "id" {
  description = "The topic's full name, once those who publish may."
  value       = google_pubsub_topic.this.id

  depends_on = [google_pubsub_topic_iam_member.publishers]
}

output "name" {
  description = "The topic's name in the project."
  value       = google_pubsub_topic.this.name
}
