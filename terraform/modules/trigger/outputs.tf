output "name" {
  description = "The trigger's name."
  value       = google_eventarc_trigger.this.name
}

output "subscription" {
  description = "A pattern of the name of the subscription that Eventarc has made for the trigger, to be watched: what it holds for a day is dropped."
  # Of a trigger on documents the provider may not tell it; this is how Eventarc names them.
  value = coalesce(try(basename(google_eventarc_trigger.this.transport[0].pubsub[0].subscription), null), "eventarc-${google_eventarc_trigger.this.location}-${var.prefix}-${var.name}-.+")
}
