locals {
  # "job-events" is a topic for each tenant, and the others are one for all.
  topics = setsubtract(flatten([for function in local.functions : function.grant.publishes]), ["job-events"])

  publishers = { for topic in setunion(local.topics, ["job-events"]) : topic => {
    for name, function in local.functions : name => module.account[name].member if contains(function.grant.publishes, topic)
  } }
}

module "topic" {
  source   = "./modules/topic"
  for_each = local.topics

  project     = module.project.ready
  prefix      = var.prefix
  name        = each.key
  publishers  = local.publishers[each.key]
  subscribers = each.key == "job-rejections" ? { for member in var.rejection_readers : member => member } : {}
}

# Where another system publishes a tenant's requests, and it alone.
module "requests_topic" {
  source   = "./modules/topic"
  for_each = var.tenants

  project    = module.project.ready
  prefix     = var.prefix
  name       = "job-requests-${each.key}"
  publishers = { for member in each.value.publishers : member => member }
}

# Where a tenant is told of the ends of its jobs.
module "events_topic" {
  source   = "./modules/topic"
  for_each = var.tenants

  project     = module.project.ready
  prefix      = var.prefix
  name        = "job-events-${each.key}"
  publishers  = local.publishers["job-events"]
  subscribers = { for member in each.value.subscribers : member => member }
}

module "deliveries" {
  source = "./modules/push-subscription"

  project      = module.project.ready
  prefix       = var.prefix
  name         = "deliveries"
  topic        = module.topic["deliveries"].id
  endpoint     = module.function[one([for name, function in local.functions : name if anytrue([for route in function.routes : route.via == "push"])])].address
  pubsub_agent = module.project.pubsub_agent
}
