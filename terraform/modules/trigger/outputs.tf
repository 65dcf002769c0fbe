output "name" {
  description = "The trigger's name."
  value       = google_eventarc_trigger.this.name
}

output "subscription" {
  description = "The name of the subscription that Eventarc has made for the trigger, to be watched: what it holds for a day is dropped."
  value       = try(basename(google_eventarc_trigger.this.transport[0].pubsub[0].subscription), null)
}
