# Each function runs as an account of its own. What it may do in the whole project is here, by eventarc/grants.ts; what it may do with
# one topic, bucket, secret, job or service stands with that.
module "account" {
  source   = "./modules/account"
  for_each = local.functions

  project     = module.project.ready
  prefix      = var.prefix
  name        = each.key
  description = "Runs functions/${each.key}."
  signs       = each.value.grant.tokens || length(setintersection(each.value.grant.blobs, ["sign-upload", "sign-download"])) > 0

  roles = merge(
    each.value.grant.store == "write" ? { "roles/datastore.user" = module.job_store.access } : {},
    each.value.grant.store == "read" ? { "roles/datastore.viewer" = module.job_store.access } : {},
    each.value.grant.gauges ? { "roles/monitoring.metricWriter" = null } : {},
  )
}

# Eventarc calls functions as this one.
module "events_account" {
  source = "./modules/account"

  project     = module.project.ready
  prefix      = var.prefix
  name        = "events"
  description = "Eventarc calls functions with tokens of this account."
  roles       = { "roles/eventarc.eventReceiver" = null }
}
