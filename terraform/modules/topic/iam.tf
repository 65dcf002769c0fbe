resource "google_pubsub_topic_iam_member" "publishers" {
  for_each = var.publishers

  project = var.project
  topic   = google_pubsub_topic.this.name
  role    = "roles/pubsub.publisher"
  member  = each.value
}

# Subscribers attach subscriptions of their own, in a project of their own if they like.
resource "google_pubsub_topic_iam_member" "subscribers" {
  for_each = var.subscribers

  project = var.project
  topic   = google_pubsub_topic.this.name
  role    = "roles/pubsub.subscriber"
  member  = each.value
}
