module "monitoring" {
  source = "./modules/monitoring"

  project        = module.project.ready
  project_number = module.project.project_number
  prefix         = var.prefix
  region         = local.home
  alerts         = local.alerts
  services       = { for name, function in merge(module.function, module.entrance) : name => function.service.name }
  pools = { for name, pool in local.pools : name => {
    behind_seconds        = pool.behind_seconds
    job                   = "${var.prefix}-${name}"
    oldest_queued_seconds = pool.oldest_queued_seconds
  } }

  event_subscriptions      = { for name, trigger in module.trigger : name => trigger.subscription }
  deliveries_subscription  = module.deliveries.subscription
  dead_letter_subscription = module.deliveries.dead_letter_subscription

  emails   = { for address in var.alerts.emails : address => address }
  channels = var.alerts.channels
  budget   = var.budget
}
