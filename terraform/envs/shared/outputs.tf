output "api_url" {
  description = "Where jobs are submitted, once all that they lead to is there."
  value       = module.slipway.api_url
}

output "bucket" {
  description = "Where files and artifacts lie."
  value       = module.slipway.bucket
}

output "dashboard" {
  description = "The address of the dashboard in Cloud Monitoring."
  value       = module.slipway.dashboard
}

output "first_key_command" {
  description = "What makes the first key of scope admin; it is shown once. Its tenant comes into being with it."
  value       = module.slipway.first_key_command
}

output "receiver_url" {
  description = "Where npm run smoke has webhooks sent to; null where there is no receiver."
  value       = module.slipway.receiver_url
}

output "registry" {
  description = "Where images go, and which account builds them."
  value       = module.slipway.registry
}

output "sign_in" {
  description = "The web API key that a client which listens in Firestore needs beside a token, and which is no secret; null where nobody may listen."
  value       = module.slipway.sign_in
}

output "topics" {
  description = "The topics that other systems use: requests and events of each tenant, and what became of requests that could not be taken."
  value       = module.slipway.topics
}

output "webhook_address" {
  description = "The address that webhooks come from, for receivers that let only known ones in."
  value       = module.slipway.webhook_address
}

output "worker_door" {
  description = "The door of the workers; a machine of your own that can reach it may be one."
  value       = module.slipway.worker_door
}
