output "api_url" {
  description = "Where jobs are submitted, once all that they lead to is there."
  value       = module.entrance["api"].address

  depends_on = [module.trigger, module.scheduler, module.topic]
}

output "bucket" {
  description = "Where files and artifacts lie."
  value       = module.bucket.name
}

output "dashboard" {
  description = "The address of the dashboard in Cloud Monitoring."
  value       = module.monitoring.dashboard
}

output "first_key_command" {
  description = "What makes the first key of scope admin; it is shown once. Its tenant comes into being with it."
  value       = "npm run --silent first-key -- --project ${var.project} --database '${module.job_store.name}' --tenant ops"
}

output "receiver_url" {
  description = "Where npm run smoke has webhooks sent to; null where there is no receiver."
  value       = one(module.receiver[*].address)
}

output "registry" {
  description = "Where images go, and which account builds them."
  value = {
    build_account  = module.registry.build_account
    sources_bucket = module.registry.sources_bucket
    url            = module.registry.url
  }
}

output "sign_in" {
  description = "The web API key that a client which listens in Firestore needs beside a token, and which is no secret; null where nobody may listen."
  value       = nonsensitive(one(module.sign_in[*].web_api_key))
}

output "topics" {
  description = "The topics that other systems use: requests and events of each tenant, and what became of requests that could not be taken."
  value = {
    events     = { for tenant, topic in module.events_topic : tenant => topic.id }
    rejections = module.topic["job-rejections"].id
    requests   = { for tenant, topic in module.requests_topic : tenant => topic.id }
  }
}

output "webhook_address" {
  description = "The address that webhooks come from, for receivers that let only known ones in."
  value       = module.egress.address
}

output "worker_door" {
  description = "The door of the workers; a machine of your own that can reach it may be one."
  value       = module.function["worker"].address
}
